//! What is published to the internet: forwards, certificates, Cloudflare, tunnels, public names.

use super::Leak;

pub const CHECKS: &[Leak] = &[];
