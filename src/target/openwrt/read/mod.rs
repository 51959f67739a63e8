//! Reads the files of `/etc/config` as OpenWrt's firewall4 does, which compiles them to rules for nft: the rules that it
//! would load are built, and read with netfilter's own rules of evaluation ([`crate::target::nftables::read`]).
//!
//! firewall4 fails open where an option is wrong: one that it does not know is left out, and what remains of the section
//! matches more; a value that it does not take makes it skip the section. Both are understood as firewall4 understands
//! them, and reported ([`Facts::unknown`](crate::router::Facts)). Where nft would refuse the rules, no firewall is
//! loaded at all, and the files are unreadable.
//!
//! What is taken for granted: the interfaces are up; addresses that only the running router knows are the router's own
//! in the [`Topology`]; nothing lies in `/etc/nftables.d` and `/usr/share/nftables.d`; the time zone is UTC.
//!
//! The way through the modules: [`uci`] → [`network`], [`options`] with [`value`], [`address`], [`icmp`] → one module a
//! kind of section → [`state`] → [`ruleset`] with [`print`] → [`reading`].

mod address;
mod common;
mod defaults;
mod forwarding;
mod ground;
mod icmp;
mod include;
mod ipset;
mod nat;
mod network;
mod options;
mod print;
mod reading;
mod redirect;
mod rule;
mod ruleset;
mod state;
mod uci;
mod value;
mod zone;

use crate::{
    packet::Space,
    router::{Configuration, File, Ground, Limits, Topology, Unreadable},
    target::nftables::read,
};

/// Reads the files `firewall` and `network`, and those for nft that `firewall` includes; others are passed over.
///
/// # Errors
/// If libuci, firewall4 or nft would refuse them, so that the router had no firewall; or if they are too large to be
/// evaluated.
pub fn read(
    files: &[File],
    topology: &Topology,
    limits: &mut Limits,
    space: &mut Space,
) -> Result<Box<dyn Configuration>, Unreadable> {
    let state = understand(files, topology)?;
    let ground = ground(files, &state, topology)?;
    let ruleset::Ruleset { text, origins } = ruleset::write(&state);
    let rules = read::read(&text, topology, limits, space).map_err(|error| refused(&error, &origins))?;
    Ok(Box::new(reading::Read { rules, origins, notes: notes(&state), warnings: state.warnings.0, ground }))
}

/// What firewall4 does as long as the router has what it takes.
fn notes(state: &state::State) -> Vec<crate::router::Line> {
    if state.helping.is_empty() {
        return Vec::new();
    }
    let place = &state.defaults.line;
    let text = format!(
        "{}: `auto_helper` is on: where modules for FTP, SIP and the like are installed, connections from {} open further \
         ports by themselves",
        place.text,
        state.helping.join(", ")
    );
    vec![crate::router::Line { text, ..place.clone() }]
}

/// Takes one section in.
type Reader = fn(&uci::Section, &mut state::State) -> Result<(), Unreadable>;

/// What nft would refuse, at the line of UCI that it comes from.
fn refused(error: &read::ReadError, origins: &[crate::router::Line]) -> Unreadable {
    let message = error.to_string();
    let number =
        message.strip_prefix("line ").and_then(|rest| rest.split([':', ',']).next()).and_then(|n| n.parse().ok());
    let origin = number.and_then(|line: usize| origins.get(line.checked_sub(1)?));
    match origin {
        Some(place) => Unreadable::new(format!(
            "{}:{}: {}: nft would refuse what firewall4 makes of it, and with it the whole firewall",
            place.file, place.line, place.text
        )),
        None => Unreadable::new(message),
    }
}

/// The sections of a file of `/etc/config`, if it was given.
fn package(files: &[File], name: &str) -> Result<Option<Vec<uci::Section>>, Unreadable> {
    let file = files.iter().find(|file| file.name.rsplit('/').next() == Some(name));
    file.map(|file| uci::parse(name, &file.text)).transpose()
}

/// What the rules rest on.
fn ground(files: &[File], state: &state::State, topology: &Topology) -> Result<Ground, Unreadable> {
    let Some(network) = package(files, "network")? else { return Ok(Ground::default()) };
    let dhcp = package(files, "dhcp")?;
    Ok(ground::ground(&network, dhcp.as_deref(), &state.networks, topology))
}

fn understand(files: &[File], topology: &Topology) -> Result<state::State, Unreadable> {
    let mut state = state::State::default();
    let Some(firewall) = package(files, "firewall")? else {
        return Err(Unreadable::new("there is no file `firewall`"));
    };
    state.networks = network::networks(&package(files, "network")?.unwrap_or_default(), topology);
    for network in state.networks.values() {
        let untranslated = network.untranslated.clone().zip(network.device.clone());
        state.redirects.extend(untranslated.map(|(line, device)| state::Rule {
            line,
            chain: "srcnat".to_owned(),
            matches: state::Matches { family: 4, oifname: Some(device), ..state::Matches::default() },
            action: "accept".to_owned(),
        }));
    }
    defaults::read(&firewall, &mut state)?;
    let readers: [(&str, Reader); 6] = [
        ("ipset", ipset::read),
        ("zone", zone::read),
        ("rule", rule::read),
        ("forwarding", forwarding::read),
        ("redirect", redirect::read),
        ("nat", nat::read),
    ];
    for (kind, reader) in readers {
        firewall.iter().filter(|section| section.kind == kind).try_for_each(|section| reader(section, &mut state))?;
    }
    zone::check(&state)?;
    firewall.iter().filter(|section| section.kind == "include").for_each(|section| {
        include::read(section, files, &mut state);
    });
    Ok(state)
}
