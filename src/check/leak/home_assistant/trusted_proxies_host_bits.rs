//! A trusted network has bits set behind its length: Home Assistant refuses the whole block.

use ipnet::IpNet;

use super::{
    super::{Finding, Outcome, Subject, subject::error},
    home::{NO_SETTINGS, homes},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    let mut any = false;
    for home in homes(subject) {
        let Some(settings) = home.settings() else { continue };
        let http = home.http();
        any = true;
        let proxies = http.iter().filter_map(|http| http.trusted_proxies.as_ref()).flat_map(|(_, list)| list);
        for said in proxies.chain(&settings.trusted_networks) {
            let Some(listed) = said.value else { continue };
            let Some(host) = listed.host_bits else { continue };
            let written = format!("{host}/{}", listed.net.prefix_len());
            let diagnostic = error(said.span, format!("`{written}` names a host and a network at once"))
                .label("bits are set behind the length, which Home Assistant refuses")
                .also(settings.place, "read for this")
                .help(format!(
                    "write the address alone, `{}`; or, if all of it is meant, `{}`",
                    IpNet::from(host).addr(),
                    listed.net
                ));
            found.push(Finding::fact(diagnostic));
        }
    }
    if any { Outcome::Decided(found) } else { Outcome::NotApplicable(NO_SETTINGS) }
}
