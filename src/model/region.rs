//! The name of a region as somebody wrote it: it becomes a part of a host's name. Pure.

/// Small letters, digits and hyphens. Else: what is wrong, and what to write instead.
pub fn check(text: &str) -> Result<(), (String, String)> {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let ends_well = !text.starts_with('-') && !text.ends_with('-');
    if !text.is_empty() && text.len() <= 63 && text.bytes().all(good) && ends_well {
        return Ok(());
    }
    Err((
        format!("`{text}` is not the name of a region"),
        "write it as `us-east-1`".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_known_by_their_form() {
        for good in ["us-east-1", "eusc-de-east-1", "us-gov-west-1", "local"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["", "us east 1", "US-EAST-1", "-", "us-east-1.example.org"] {
            let (message, hint) = check(bad).expect_err(bad);
            assert_eq!(message, format!("`{bad}` is not the name of a region"));
            assert_eq!(hint, "write it as `us-east-1`");
        }
    }
}
