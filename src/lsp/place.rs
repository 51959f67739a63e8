//! Files as editors name them: `file:` addresses to paths and back.

use lsp_types::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stands in a path as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The path of a file, with `/` between its parts; nothing for what is no file.
pub fn path(uri: &Uri) -> Option<String> {
    let rest = uri.as_str().strip_prefix("file://")?;
    let path = rest.get(rest.find('/')?..)?;
    let path = percent_decode_str(path).decode_utf8().ok()?.into_owned();
    // `/c:/home.hedge` on Windows
    let drive =
        path.get(1..3).is_some_and(|two| two.ends_with(':') && two.starts_with(|c: char| c.is_ascii_alphabetic()));
    Some(if drive { path.get(1..)?.to_owned() } else { path })
}

/// The address of a file.
pub fn uri(path: &str) -> Option<Uri> {
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("file://{slash}{}", utf8_percent_encode(&path.replace('\\', "/"), PLAIN)).parse().ok()
}

/// The folder of a file, without a `/` at its end.
pub fn folder(path: &str) -> &str {
    path.rfind('/').and_then(|slash| path.get(..slash)).unwrap_or("")
}

/// Does a file lie in a folder or below?
pub fn inside(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/') || folder.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_paths() {
        for plain in ["/home/jürg/🏠 net/main.hedge", "/a%20b/c+d.hedge"] {
            assert_eq!(path(&uri(plain).unwrap()).as_deref(), Some(plain));
        }
        assert_eq!(path(&"file:///c%3A/net/main.hedge".parse().unwrap()).as_deref(), Some("c:/net/main.hedge"));
        assert_eq!(path(&"untitled:Untitled-1".parse().unwrap()), None);
        assert!(inside("/a/b.hedge", "/a") && !inside("/ab/c", "/a"));
    }
}
