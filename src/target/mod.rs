//! The routers that a policy is compiled for. Each has a folder here and one in `targets/` with its templates.

pub mod nftables;
