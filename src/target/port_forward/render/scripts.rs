//! Scripts that ask the router for forwards by `UPnP` or NAT-PMP, and take them back.

use serde::Serialize;

use super::forwards::Entry;

/// Calls in one script; each is a request to the router.
const CALLS: usize = 64;

/// One call.
#[derive(Debug, Serialize)]
pub struct Call {
    pub protocol: &'static str,
    pub public: u16,
    pub address: String,
    pub inner: u16,
}

/// The calls of one host: NAT-PMP forwards to whoever asks, and so do most routers by `UPnP`.
#[derive(Debug, Serialize)]
pub struct Host {
    pub name: String,
    pub address: String,
    pub calls: Vec<Call>,
}

/// The calls, by host; or why there can be none.
pub fn hosts(entries: &[Entry]) -> Result<Vec<Host>, String> {
    if let Some(entry) = entries.iter().find(|entry| !entry.from.is_empty()) {
        return Err(format!("`{}` is open to some senders only, and neither protocol can say that", entry.name));
    }
    if entries.iter().any(|entry| !entry.uplink.is_empty()) {
        return Err("neither protocol tells several uplinks apart".to_owned());
    }
    let count: usize = entries.iter().map(|entry| usize::from(entry.ports.1 - entry.ports.0) + 1).sum();
    if count > CALLS {
        return Err(format!("each port has to be asked for, and these are {count}"));
    }
    let mut hosts: Vec<Host> = Vec::new();
    for entry in entries {
        let address = entry.address.to_string();
        let calls = entry.single().map(|(public, inner)| Call {
            protocol: entry.protocol,
            public,
            address: address.clone(),
            inner,
        });
        match hosts.iter_mut().find(|host| host.address == address) {
            Some(host) => host.calls.extend(calls),
            None => hosts.push(Host { name: entry.host.clone(), address: address.clone(), calls: calls.collect() }),
        }
    }
    Ok(hosts)
}
