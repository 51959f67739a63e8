//! The block `http:` (home-assistant.io, integration `http`).

use std::rc::Rc;

use super::{files::Files, lookup::truth, yaml::Node};
use crate::{diagnostic::Span, model::network::Http};

/// What only this block has: by these its values are known where no `http:` stands above them.
pub const KEYS: [&str; 4] =
    ["use_x_forwarded_for", "trusted_proxies", "login_attempts_threshold", "cors_allowed_origins"];

pub fn read(files: &mut Files<'_>, block: &Rc<Node>, span: Span) -> Option<Http> {
    let before = files.errors.len();
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut http = Http { span, ..Http::default() };
    if let Some((key, found)) = files.entry(block, "server_host") {
        http.server_host = Some((key, files.values(&found, "an address", text)));
    }
    if let Some((_, found)) = files.entry(block, "server_port") {
        http.server_port = files.value(&found, "a port", |text| text.parse().ok());
    }
    http.ssl_certificate = files.entry(block, "ssl_certificate").map(|(key, _)| key);
    http.ssl_peer_certificate = files.entry(block, "ssl_peer_certificate").map(|(key, _)| key);
    if let Some((_, found)) = files.entry(block, "use_x_forwarded_for") {
        http.use_x_forwarded_for = files.value(&found, "true or false", truth);
    }
    if let Some((key, found)) = files.entry(block, "trusted_proxies") {
        http.trusted_proxies = Some((key, files.networks(&found)));
    }
    if let Some((key, found)) = files.entry(block, "cors_allowed_origins") {
        http.cors_allowed_origins = Some((key, files.values(&found, "an origin such as https://example.org", text)));
    }
    if let Some((_, found)) = files.entry(block, "ip_ban_enabled") {
        http.ip_ban_enabled = files.value(&found, "true or false", truth);
    }
    if let Some((_, found)) = files.entry(block, "login_attempts_threshold") {
        http.login_attempts_threshold = files
            .value(&found, "-1 or a number of attempts", |text| text.parse::<i64>().ok().filter(|count| *count >= -1));
    }
    (files.errors.len() == before).then_some(http)
}
