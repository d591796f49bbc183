//! Sealed values: each begins with the sequence number of the commit that wrote it and a checksum over key, sequence and
//! content, so that what is read is either what was written there, or noticed.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::LedgerError;

/// Bytes of a checksum.
pub(super) const SUM: usize = 16;

/// A checksum: the first half of a SHA-256.
pub(super) type Sum = [u8; SUM];

fn sum(key: &[u8], sequence: u64, content: &[u8]) -> Sum {
    let mut hash = Sha256::new();
    hash.update((key.len() as u64).to_be_bytes());
    hash.update(key);
    hash.update(sequence.to_be_bytes());
    hash.update(content);
    hash.finalize()[..SUM]
        .try_into()
        .expect("SHA-256 is longer than its first half")
}

pub(super) fn seal(key: &[u8], sequence: u64, content: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(8 + SUM + content.len());
    value.extend_from_slice(&sequence.to_be_bytes());
    value.extend_from_slice(&sum(key, sequence, content));
    value.extend_from_slice(content);
    value
}

/// The content of a sealed value, its sequence number and its sum; `None`: not what was written.
pub(super) fn unseal<'a>(key: &[u8], value: &'a [u8]) -> Option<(u64, Sum, &'a [u8])> {
    let (sequence, rest) = value.split_first_chunk::<8>()?;
    let (found, content) = rest.split_first_chunk::<SUM>()?;
    let sequence = u64::from_be_bytes(*sequence);
    (sum(key, sequence, content) == *found).then_some((sequence, *found, content))
}

pub(super) fn read<T: DeserializeOwned>(key: &[u8], value: &[u8]) -> Result<T, LedgerError> {
    let key_text = || String::from_utf8_lossy(key).into_owned();
    let (_, _, content) =
        unseal(key, value).ok_or_else(|| LedgerError::Checksum { key: key_text() })?;
    serde_json::from_slice(content).map_err(|source| LedgerError::Value {
        key: key_text(),
        source,
    })
}

pub(super) fn xor(into: &mut Sum, other: &Sum) {
    for (a, b) in into.iter_mut().zip(other) {
        *a ^= b;
    }
}

pub(super) fn json<T: Serialize>(key: &str, value: &T) -> Result<Vec<u8>, LedgerError> {
    serde_json::to_vec(value).map_err(|source| LedgerError::Value {
        key: key.into(),
        source,
    })
}
