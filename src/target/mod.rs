//! The routers that policies are compiled for and whose configurations are read, one module a target.

pub mod nftables;
