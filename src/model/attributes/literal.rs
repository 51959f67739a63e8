//! What a text, a name or a prefix has to be.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Errors;
use crate::{
    diagnostic::{Diagnostic, Fix, Span},
    syntax::tree::Name,
};

/// Why a text cannot stand in a configuration file, if it cannot.
pub(super) fn unfit(key: &str, text: &str, span: Span) -> Option<Diagnostic> {
    if text.trim().is_empty() {
        return Some(
            Diagnostic::error("attribute-value", span, format!("`{key}` is empty"))
                .label("nothing stands between the quotes"),
        );
    }
    let wrong = text.chars().find(|character| {
        character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    })?;
    let what = match wrong {
        '\n' | '\r' | '\u{2028}' | '\u{2029}' => "a line break".to_owned(),
        '\t' => "a tab".to_owned(),
        other => format!("the invisible character {}", other.escape_unicode()),
    };
    Some(
        Diagnostic::error("control-character", span, format!("`{key}` holds {what}"))
            .label("expected one line of readable text")
            .help("the text goes into files where this could end a comment or hide what follows; remove it"),
    )
}

/// A DNS name: letters, digits and `-` in labels of at most 63, at most 253 in all (RFC 1035, RFC 1123). Reported when
/// it is none; `labels` bounds their number.
pub fn dns_name(name: &Name, labels: std::ops::RangeInclusive<usize>, errors: &Errors) -> bool {
    let text = name.text.as_str();
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let fault = if text.len() > 253 {
        "a DNS name has at most 253 characters".to_owned()
    } else if let Some(label) = text.split('.').find(|label| !label_fits(label)) {
        if label.is_empty() {
            "a dot at its start or end, or two in a row".to_owned()
        } else if label.len() > 63 {
            "the parts between dots have at most 63 characters".to_owned()
        } else if let Some(wrong) = label.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '-')) {
            format!("`{}` is not possible in it", wrong.escape_debug())
        } else {
            "a part of it starts or ends with `-`".to_owned()
        }
    } else if !labels.contains(&text.split('.').count()) {
        if *labels.end() == 1 {
            "expected one name without dots".to_owned()
        } else {
            "expected a whole name with its domain".to_owned()
        }
    } else {
        return true;
    };
    let shown = text.chars().take(40).collect::<String>();
    let shown = if shown.len() < text.len() { format!("{shown}...") } else { shown };
    errors.borrow_mut().push(
        Diagnostic::error("bad-dns-name", name.span, format!("`{}` is no DNS name", shown.escape_debug()))
            .label(fault)
            .help("DNS names have letters a to z, digits and `-`, with dots between their parts"),
    );
    false
}

/// A prefix, reported when bits behind its length are set.
pub fn network(address: IpAddr, length: u8, span: Span, errors: &Errors) -> Option<IpNet> {
    let net = IpNet::new(address, length).ok()?;
    if net.network() == address {
        return Some(net);
    }
    errors.borrow_mut().push(
        Diagnostic::error("host-bits", span, format!("`{address}/{length}` has bits set behind its length"))
            .label("this names a host and a network at once")
            .help(format!("write the network as `{}/{length}`, or the host as `{address}`", net.network()))
            .fix(Fix::offer("write the network", span, format!("{}/{length}", net.network()))),
    );
    None
}
