//! Forms with files (`multipart/form-data`, RFC 7578) that are whole in memory.

use studio_core::Error;

/// More parts than any form of ours has.
const MOST_PARTS: usize = 64;

/// One field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) name: String,
    /// Only files have one.
    pub(crate) file_name: Option<String>,
    pub(crate) bytes: &'a [u8],
}

/// The parts of `body`, whose boundary `content_type` tells.
pub(crate) fn parts<'a>(content_type: &str, body: &'a [u8]) -> Result<Vec<Part<'a>>, Error> {
    let malformed = || Error::bad_input("the body is no form (multipart/form-data)");
    let is_form = content_type
        .split(';')
        .next()
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("multipart/form-data"));
    let boundary = parameter(content_type, "boundary").filter(|boundary| !boundary.is_empty());
    let (true, Some(boundary)) = (is_form, boundary) else {
        return Err(malformed());
    };
    let first = format!("--{boundary}");
    let next = format!("\r\n{first}");
    let mut rest = match body.strip_prefix(first.as_bytes()) {
        Some(rest) => rest,
        None => split(body, next.as_bytes()).ok_or_else(malformed)?.1,
    };
    let mut parts = Vec::new();
    // Behind the last boundary stand two dashes.
    while !rest.starts_with(b"--") {
        rest = rest.strip_prefix(b"\r\n").ok_or_else(malformed)?;
        let (part, behind) = split(rest, next.as_bytes()).ok_or_else(malformed)?;
        parts.push(read(part).ok_or_else(malformed)?);
        if parts.len() > MOST_PARTS {
            return Err(Error::bad_input("the form has too many fields"));
        }
        rest = behind;
    }
    Ok(parts)
}

fn read(part: &[u8]) -> Option<Part<'_>> {
    let (head, bytes) = match part.strip_prefix(b"\r\n") {
        Some(bytes) => (&b""[..], bytes),
        None => split(part, b"\r\n\r\n")?,
    };
    let head = std::str::from_utf8(head).ok()?;
    let disposition = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition")
            .then_some(value)
    })?;
    Some(Part {
        name: parameter(disposition, "name")?,
        file_name: parameter(disposition, "filename"),
        bytes,
    })
}

/// The value of `name=value` or `name="value"` behind the first `;`.
fn parameter(header: &str, name: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (key, behind) = rest.split_once('=')?;
        let key = key.trim();
        let (value, behind) = match behind.strip_prefix('"') {
            Some(quoted) => {
                let mut value = String::new();
                let mut characters = quoted.char_indices();
                let end = loop {
                    match characters.next()? {
                        (_, '\\') => value.push(characters.next()?.1),
                        (at, '"') => break at,
                        (_, character) => value.push(character),
                    }
                };
                let behind = quoted[end + 1..].trim_start();
                (value, behind.strip_prefix(';').unwrap_or(behind))
            }
            None => {
                let (value, behind) = behind.split_once(';').unwrap_or((behind, ""));
                (value.trim().to_owned(), behind)
            }
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = behind;
    }
}

/// What stands before and behind the first `mark`.
fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes
        .windows(mark.len())
        .position(|window| window == mark)?;
    Some((&bytes[..at], &bytes[at + mark.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper\r\n\
        --x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\"; c.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n--y\r\n\0\r\n\
        --x--\r\n";

    #[test]
    fn a_form_is_read_with_its_files_byte_by_byte() {
        for content_type in [
            "multipart/form-data; boundary=x",
            "Multipart/Form-Data; charset=utf-8; boundary=\"x\"",
        ] {
            let parts = parts(content_type, FORM.as_bytes()).unwrap();
            assert_eq!(parts.len(), 2);
            assert_eq!(
                (parts[0].name.as_str(), parts[0].bytes),
                ("model", &b"whisper"[..])
            );
            assert_eq!(parts[1].file_name.as_deref(), Some("a \"b\"; c.wav"));
            assert_eq!(parts[1].bytes, b"RIFF\r\n--y\r\n\0");
        }
        let with_preamble = format!("hello\r\n{FORM}");
        let content_type = "multipart/form-data; boundary=x";
        assert_eq!(
            parts(content_type, with_preamble.as_bytes()).unwrap().len(),
            2
        );
        assert_eq!(parts(content_type, b"--x--").unwrap(), []);
    }

    #[test]
    fn what_is_no_form_is_refused() {
        let check = |content_type: &str, body: &str| {
            assert!(
                parts(content_type, body.as_bytes()).is_err(),
                "{content_type} {body:?}"
            );
        };
        check("application/json", FORM);
        check("multipart/form-data", FORM);
        check("multipart/form-data; boundary=", FORM);
        check("multipart/form-data; boundary=z", FORM);
        for cut in 0..FORM.len() - 4 {
            check("multipart/form-data; boundary=x", &FORM[..cut]);
        }
        check(
            "multipart/form-data; boundary=x",
            &"--x\r\ncontent-disposition: form-data; name=a\r\n\r\n\r\n".repeat(80),
        );
    }
}
