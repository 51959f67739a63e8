//! The nftables reader: small rulesets, and what becomes of packets in them.

#[path = "nftables_reader/support.rs"]
mod support;

#[path = "nftables_reader/big.rs"]
mod big;
#[path = "nftables_reader/chains.rs"]
mod chains;
#[path = "nftables_reader/conntrack.rs"]
mod conntrack;
#[path = "nftables_reader/files.rs"]
mod files;
#[path = "nftables_reader/iptables.rs"]
mod iptables;
#[path = "nftables_reader/json.rs"]
mod json;
#[path = "nftables_reader/marks.rs"]
mod marks;
#[path = "nftables_reader/matches.rs"]
mod matches;
#[path = "nftables_reader/nat.rs"]
mod nat;
#[path = "nftables_reader/robust.rs"]
mod robust;
#[path = "nftables_reader/topology.rs"]
mod topology;
#[path = "nftables_reader/unknown.rs"]
mod unknown;
#[path = "nftables_reader/whole.rs"]
mod whole;
