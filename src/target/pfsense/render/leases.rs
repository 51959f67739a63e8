//! Reservations of the policy in pools that the base has. Those stay the user's; what is reserved there has to be what
//! the policy says, for its rules are about these addresses.

use super::{Renderer, base::Pool, document::Mappings};
use crate::{
    diagnostic::Diagnostic,
    model::{Zone, ZoneId},
};

impl Renderer<'_> {
    /// Puts beside the reservations of a pool of the base those that it lacks.
    pub(super) fn reserve(&mut self, id: ZoneId, theirs: &Pool) {
        let mut hosts = Vec::new();
        for wanted in self.reservations(id) {
            let device = theirs.mappings.iter().find(|known| known.mac == wanted.mac);
            let address = theirs.mappings.iter().find(|known| known.address == wanted.address);
            let (key, mac, wants) = (&theirs.key, &wanted.mac, &wanted.address);
            let what = match (device, address) {
                (Some(known), _) if known.address == wanted.address => continue,
                (Some(known), _) if known.address.is_empty() => {
                    format!("`{key}` of the base knows {mac} without an address, and in the policy it has {wants}")
                }
                (Some(known), _) => {
                    format!("`{key}` of the base reserves {} for {mac}, and the policy {wants}", known.address)
                }
                (None, Some(known)) => {
                    format!("`{key}` of the base reserves {wants} for {}, and the policy for {mac}", known.mac)
                }
                (None, None) => {
                    hosts.push(wanted);
                    continue;
                }
            };
            self.errors.push(
                Diagnostic::error("base-differs", wanted.span, what)
                    .label("its rules would be those of another device")
                    .help("correct it in pfSense (Services > DHCP Server, Static Mappings) and save a new backup, or in the policy"),
            );
        }
        if !hosts.is_empty() {
            self.document.mappings.push(Mappings { key: theirs.key.clone(), hosts });
        }
    }

    /// What a pool of the base hands out, where that is not what the policy says; it makes no difference to any rule.
    pub(super) fn pools_of_their_own(&self) -> Vec<String> {
        let mut told = Vec::new();
        let inside = |zone: &Zone| !zone.is_internet() && zone.behind.is_none() && !zone.dhcp.is_empty();
        for (id, zone) in self.network.zone_ids().filter(|(_, zone)| inside(zone)) {
            let key = self.key(id);
            let Some(theirs) = self.base.pools.iter().find(|pool| pool.key == key) else { continue };
            let ours: Vec<(String, String)> = zone
                .dhcp
                .iter()
                .filter(|(from, _)| from.is_ipv4())
                .map(|(from, to)| (from.to_string(), to.to_string()))
                .collect();
            let there: Vec<(String, String)> =
                theirs.ranges().into_iter().map(|(from, to)| (from.to_owned(), to.to_owned())).collect();
            let words = |ranges: &[(String, String)]| {
                let words: Vec<String> = ranges.iter().map(|(from, to)| format!("{from}-{to}")).collect();
                if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
            };
            if !ours.is_empty() && ours != there {
                told.push(format!(
                    "The pool of `{key}` is yours, and hands out {}; the policy says {}. Change one of the two (Services > DHCP Server).",
                    words(&there),
                    words(&ours)
                ));
            }
            if !ours.is_empty() && !theirs.enabled && self.answers_dhcp(id) {
                told.push(format!("The DHCP server of `{key}` is switched off: Services > DHCP Server, *Enable*."));
            }
        }
        told
    }
}
