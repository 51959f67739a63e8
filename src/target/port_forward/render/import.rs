//! How to bring the forwards onto a router, and back.

use super::{Place, words};
use crate::{model::Lease, plan::Request};

const GUIDE: &str = include_str!("../../../../targets/port-forward/IMPORT.md");

/// The text of `IMPORT.md`: what holds for every router, and what this one needs besides.
pub fn guide(places: &[(&Place, Vec<(&'static str, String)>)], request: &Request) -> String {
    let (mut here, mut hosts) = (String::new(), Vec::new());
    for (place, left_out) in places {
        let folder = if place.folder.is_empty() { "this folder".to_owned() } else { format!("`{}`", place.folder) };
        let count = match place.entries.len() {
            0 => "no forward: delete those that are there".to_owned(),
            1 => "1 forward".to_owned(),
            count => format!("{count} forwards"),
        };
        here += &format!("- {folder}: {}, {count}.\n", words::cell(&place.title));
        for (form, why) in left_out {
            here += &format!("  - Without {form}: {}.\n", words::sentence(why));
        }
        for entry in &place.entries {
            let known = request.network.hosts.iter().find(|host| host.name == entry.host);
            let mac = known.and_then(|host| host.mac).map_or_else(String::new, |mac| {
                let pairs: Vec<String> = mac.iter().map(|byte| format!("{byte:02x}")).collect();
                format!(" for {}", pairs.join(":"))
            });
            let dynamic = known.is_some_and(|host| host.lease == Some(Lease::Dynamic));
            let now = if dynamic { " (the policy calls its address dynamic)" } else { "" };
            let line = format!("- {}: `{}`{mac}{now}\n", words::cell(&entry.host), entry.address);
            if !hosts.contains(&line) {
                hosts.push(line);
            }
        }
    }
    let reserve = if hosts.is_empty() { "- Nothing.\n".to_owned() } else { hosts.concat() };
    GUIDE.replace("@ROUTERS@\n", &here).replace("@RESERVE@\n", &reserve)
}
