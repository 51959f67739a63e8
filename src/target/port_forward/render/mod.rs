//! Rulebook to lists of forwards, one folder a router.
//!
//! A forward is all that such a router can be told. [`forwards`] takes them out of the rulebook and refuses what is more
//! than that; each form then says all of them, or is left out with the reason in the guide.

mod forms;
mod forwards;
mod import;
mod nvram;
mod refusals;
mod scripts;
mod words;

use std::collections::BTreeSet;

use crate::{
    diagnostic::{Diagnostic, Span},
    model::{AddressSource, Uplink, ZoneId},
    plan::{Origins, Request},
    policy::Cause,
    router::File,
};

const TARGET: &str = "port-forward";

/// A router, and what it is told.
struct Place {
    /// The folder of its files, with a `/` at its end; empty for the policy's own router.
    folder: String,
    /// Its name for people.
    title: String,
    entries: Vec<forwards::Entry>,
}

/// Renders the forwards of a rulebook in every form that can say them.
///
/// # Errors
/// A diagnostic for everything beyond forwards that has to be told to such a router, at the statement that asks for it.
pub fn render(request: &Request) -> Result<Vec<File>, Vec<Diagnostic>> {
    let mut renderer = Renderer { request, errors: Vec::new() };
    let places = renderer.places();
    if !renderer.errors.is_empty() {
        renderer.errors.sort_by_key(|error| error.primary.span);
        renderer.errors.dedup();
        return Err(renderer.errors);
    }
    let fault = |error: minijinja::Error| {
        let router = request.network.router.span;
        vec![Diagnostic::error("template", router, format!("a template of {TARGET} failed: {error:#}"))]
    };
    let mut files = Vec::new();
    let mut guides = Vec::new();
    for place in &places {
        let forms = forms::files(place, request).map_err(fault)?;
        files.extend(forms.files);
        guides.push((place, forms.left_out));
    }
    files.push(File { name: "IMPORT.md".to_owned(), text: import::guide(&guides, request) });
    Ok(files)
}

struct Renderer<'a> {
    request: &'a Request<'a>,
    errors: Vec<Diagnostic>,
}

impl Renderer<'_> {
    /// The policy's own router, unless something else configures it, and each router in front of it.
    fn places(&mut self) -> Vec<Place> {
        let network = self.request.network;
        let private: Vec<ZoneId> = network
            .zone_ids()
            .filter(|(_, zone)| zone.is_internet() && zone.uplink == Some(Uplink::Private))
            .map(|(id, _)| id)
            .collect();
        let elsewhere = network.router.targets.iter().any(|(target, _)| target != TARGET);
        let mut places = Vec::new();
        self.refuse_shared_addresses();
        if private.is_empty() || !elsewhere {
            self.refuse_beyond_forwards();
            let entries = self.own_entries();
            places.push(Place { folder: String::new(), title: network.router.name.clone(), entries });
        }
        for zone in private {
            let entries = self.front_entries(zone);
            let name = &network.zone(zone).name;
            let title = format!("the router in front of {} ({name})", network.router.name);
            places.push(Place { folder: format!("upstream-{name}/"), title, entries });
        }
        for place in &mut places {
            let mut taken = BTreeSet::new();
            for entry in &mut place.entries {
                entry.name = forwards::distinct(&entry.name, &mut taken);
            }
        }
        places
    }

    /// Our fixed address on an uplink, for a router in front that has to send there.
    fn address_in_front(&mut self, zone: ZoneId) -> Option<std::net::Ipv4Addr> {
        let found = self.request.network.zone(zone);
        let v4 = |own: &&crate::model::OwnAddress| own.address.is_ipv4();
        let known = found.addresses.iter().filter(v4).find(|own| own.source.is_known());
        match known.map(|own| own.address) {
            Some(std::net::IpAddr::V4(address)) => Some(address),
            _ => {
                let span = found.addresses.iter().find(v4).filter(|own| own.source != AddressSource::Default);
                self.refuse_at(
                    span.map_or(found.span, |own| own.span),
                    "the router in front has to send to a fixed address, and this one changes",
                    "no fixed address",
                    "reserve an address for this router in the one in front, and write it here: `address 192.168.178.2`",
                );
                None
            }
        }
    }

    fn refuse(&mut self, cause: Cause, what: impl Into<String>, label: &str, help: &str) {
        self.refuse_at(cause.span().unwrap_or(self.request.network.router.span), what, label, help);
    }

    fn refuse_at(&mut self, span: Span, what: impl Into<String>, label: &str, help: &str) {
        self.errors.push(Diagnostic::error("backend-cannot-express", span, what).label(label).help(help));
    }

    /// Where the statement of a cause stands.
    fn source(&self, cause: Cause) -> String {
        cause.span().map_or_else(String::new, |span| Origins::new(self.request).place(span))
    }
}
