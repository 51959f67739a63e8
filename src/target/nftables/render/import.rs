//! How to bring the file onto a router, and back.

use crate::model::Network;

/// The text of `IMPORT.md`.
pub fn guide(_network: &Network) -> String {
    include_str!("../../../../targets/nftables/IMPORT.md").to_owned()
}
