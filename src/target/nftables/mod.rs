//! Linux routers with nftables.
//!
//! `render` writes one file for `nft -f`; `read` tells what a router does with such a file. Neither looks at the other.

pub mod read;
pub mod render;
