//! systemd's journal, by its native protocol (<https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>): each line with the entry, the
//! execution and the step as fields, and a MESSAGE_ID that says of which kind it is. tracing's own layer for the journal can't
//! set that one.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::log_queue;
use super::logs::Said;
use crate::model::kind::MESSAGE_IDS;

/// Where it listens.
const SOCKET: &str = "/run/systemd/journal/socket";
/// How long it is waited for.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long after that lines are dropped, so that no work waits for them.
const REST: Duration = Duration::from_secs(1);
/// How much of one value is kept, in bytes: together they fit into a datagram.
const LONGEST: usize = 16 * 1024;

/// Sends each line to the journal; where there is none, to stderr.
pub(super) struct Journal {
    path: PathBuf,
    socket: Option<UnixDatagram>,
    stall: Mutex<Stall>,
}

/// When it is tried again after it did not take a line in time, and how many lines are lost since.
#[derive(Debug, Default)]
struct Stall {
    until: Option<Instant>,
    lost: u64,
}

impl Journal {
    /// `path`: where it listens, if elsewhere than systemd's does.
    pub(super) fn new(path: Option<&str>) -> Self {
        let socket = UnixDatagram::unbound().ok();
        let socket = socket.filter(|socket| socket.set_write_timeout(Some(PATIENCE)).is_ok());
        Self {
            path: path.unwrap_or(SOCKET).into(),
            socket,
            stall: Mutex::default(),
        }
    }

    /// Answers whether the journal took it, or is only slow.
    fn send(&self, datagram: &[u8]) -> bool {
        let Some(socket) = &self.socket else {
            return false;
        };
        let mut stall = self.stall.lock().unwrap_or_else(PoisonError::into_inner);
        if stall.until.is_some_and(|until| Instant::now() < until) {
            stall.lost += 1;
            return true;
        }
        match socket.send_to(datagram, &self.path) {
            Ok(_) => {
                let lost = std::mem::take(&mut stall.lost);
                stall.until = None;
                if lost > 0 {
                    let text =
                        format!("{lost} lines were lost while the journal did not take them");
                    let told = fields(
                        Level::WARN,
                        "onced",
                        &Said {
                            message: text,
                            fields: Vec::new(),
                        },
                    );
                    let _ = socket.send_to(&told, &self.path);
                }
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                stall.lost += 1;
                stall.until = Some(Instant::now() + REST);
                true
            }
            Err(_) => false,
        }
    }
}

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let said = Said::of(event);
        let metadata = event.metadata();
        if !self.send(&fields(*metadata.level(), metadata.target(), &said)) {
            log_queue::put(format!("{}\n", text(&said)).as_bytes());
        }
    }
}

/// The line as people read it.
fn text(said: &Said) -> String {
    said.line(|key| format!("{key}="))
}

/// The datagram.
fn fields(level: Level, target: &str, said: &Said) -> Vec<u8> {
    let priority = match level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        _ => "7",
    };
    let mut datagram = Vec::new();
    put(&mut datagram, "MESSAGE", &text(said));
    put(&mut datagram, "PRIORITY", priority);
    put(&mut datagram, "SYSLOG_IDENTIFIER", "onced");
    put(&mut datagram, "TARGET", target);
    if let Some((_, id)) = MESSAGE_IDS.iter().find(|(kind, _)| *kind == target) {
        put(&mut datagram, "MESSAGE_ID", id);
    }
    for (key, value) in &said.fields {
        let key = match *key {
            "execution" => "EXECUTION_ARN".to_owned(),
            key => key.replace(['.', '-'], "_").to_uppercase(),
        };
        put(&mut datagram, &format!("ONCED_{key}"), value);
    }
    datagram
}

/// One field; a value of several lines with its length before it.
fn put(datagram: &mut Vec<u8>, key: &str, value: &str) {
    let value = &value[..value.floor_char_boundary(LONGEST)];
    datagram.extend_from_slice(key.as_bytes());
    if value.contains('\n') {
        datagram.push(b'\n');
        let length = u64::try_from(value.len()).unwrap_or_default();
        datagram.extend_from_slice(&length.to_le_bytes());
    } else {
        datagram.push(b'=');
    }
    datagram.extend_from_slice(value.as_bytes());
    datagram.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &str) -> Said {
        Said {
            message: message.into(),
            fields: vec![("entry", "a".into()), ("execution", "arn:x".into())],
        }
    }

    #[test]
    fn fields_are_framed_as_the_journal_reads_them() {
        let datagram = fields(Level::WARN, "onced::held", &said("held\nhint: x"));
        let id = MESSAGE_IDS.iter().find(|(kind, _)| *kind == "onced::held");
        let id = id.expect("an id").1;
        let mut expected = b"MESSAGE\n\x14\0\0\0\0\0\0\0held entry=a\nhint: x\n".to_vec();
        expected.extend_from_slice(
            format!("PRIORITY=4\nSYSLOG_IDENTIFIER=onced\nTARGET=onced::held\nMESSAGE_ID={id}\nONCED_ENTRY=a\nONCED_EXECUTION_ARN=arn:x\n").as_bytes(),
        );
        assert_eq!(
            String::from_utf8_lossy(&datagram),
            String::from_utf8_lossy(&expected)
        );
    }

    #[test]
    fn a_name_can_not_forge_a_line() {
        let forged = said("a\x1b[31m.yaml\nMISSED b\nhint: none");
        let expected = "a\\u{1b}[31m.yaml\\nMISSED b entry=a\nhint: none";
        assert_eq!(text(&forged), expected);
    }

    #[test]
    fn each_kind_has_an_id_of_its_own() {
        let ids: std::collections::BTreeSet<&str> = MESSAGE_IDS.iter().map(|(_, id)| *id).collect();
        assert_eq!(ids.len(), MESSAGE_IDS.len());
        let is_id = |id: &&str| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(ids.iter().all(is_id));
    }

    /// A journal that takes nothing costs a tenth of a second once in a while; what is lost is said.
    #[test]
    fn a_journal_that_stalls_is_not_waited_for() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("socket");
        let listener = UnixDatagram::bind(&path).expect("a socket");
        let journal = Journal::new(path.to_str());
        let line = fields(Level::INFO, "onced", &said("x"));
        let mut sent = 0;
        while journal.stall.lock().expect("free").until.is_none() {
            assert!(journal.send(&line), "it is only slow");
            sent += 1;
        }
        for _ in 0..1000 {
            assert!(journal.send(&line));
        }
        assert_eq!(journal.stall.lock().expect("free").lost, 1001);
        let mut buffer = [0; 4096];
        for _ in 1..sent {
            listener.recv(&mut buffer).expect("a line");
        }
        journal.stall.lock().expect("free").until = None;
        assert!(journal.send(&line));
        listener.recv(&mut buffer).expect("the line");
        let length = listener.recv(&mut buffer).expect("what was lost");
        let told = String::from_utf8_lossy(&buffer[..length]).into_owned();
        assert!(told.starts_with("MESSAGE=1001 lines were lost"), "{told}");
        drop(listener);
        assert!(!journal.send(&line), "nobody listens: stderr has it");
    }
}
