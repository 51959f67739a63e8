//! nftables, the packet filter of Linux.

pub mod read;
