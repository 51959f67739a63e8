//! How to bring the files onto a router, and back.

/// The text of `IMPORT.md`.
pub fn guide() -> String {
    include_str!("../../../../targets/pfsense/IMPORT.md").to_owned()
}
