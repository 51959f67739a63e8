//! `hedgerow verify`

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use clap::{Args, ValueEnum};

use super::{Exit, disk, output::Common};
use crate::{
    certificate::Certificate,
    compile::{self, Checked},
    policy::Cause,
    reach::triples,
    report::comparison::{self, Comparison, Finding},
    router::{File, Line},
    target::Target,
    verify::{Aspect, Deviation, Difference, Kind, Verdict},
    world::World,
};

/// Differences that are shown unless all are asked for.
const SHOWN: usize = 20;
/// How wide a list of addresses or services is, unless all is asked for.
const WIDE: usize = 140;

/// Is this configuration equal to the policy? Lists what is open that should not be, and closed that should not be
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hedgerow verify home.hedge --target nftables /etc/nftables.conf\n  nft -j list ruleset > live.json && hedgerow verify home.hedge --target nftables live.json\n  TZ=UTC nft list ruleset > live.nft && hedgerow verify home.hedge --target nftables live.nft\n  hedgerow verify home.hedge --target nftables rules.v4 rules.v6      from iptables-save and ip6tables-save\n  hedgerow verify home.hedge --certificate out/nftables/certificate.json\n\nExit status: 0 equal, 1 different, 2 unreadable"
)]
pub struct Arguments {
    /// A file, or a folder that holds a main.hedge
    path: String,
    /// What the configuration is for
    #[arg(long, value_name = "TARGET", required_unless_present = "certificate")]
    target: Option<String>,
    /// The configuration: its file or files, or a folder with the files that `compile` writes
    #[arg(required_unless_present = "certificate", value_name = "FILE|DIR")]
    configuration: Vec<String>,
    /// A certificate that `compile` wrote: are policy and files still those of then, and is the proof right?
    #[arg(long, value_name = "FILE", conflicts_with_all = ["target", "configuration", "format"])]
    certificate: Option<String>,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Show every difference, not only the first ones
    #[arg(long)]
    all: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

pub fn run(arguments: &Arguments, common: &Common) -> Exit {
    let disk = common.disk();
    if let Some(certificate) = &arguments.certificate {
        return certified(certificate, arguments, common);
    }
    let name = arguments.target.as_deref().unwrap_or_default();
    let Some(target) = Target::named(name) else {
        return common.fail(&super::targets::unknown(name));
    };
    let (path, text) = match disk::policy(&arguments.path) {
        Ok(policy) => policy,
        Err(why) => return common.fail(&why),
    };
    let mut files = Vec::new();
    for given in &arguments.configuration {
        match disk::configuration(given, target) {
            Ok(found) => files.extend(found),
            Err(why) => return common.fail(&why),
        }
    }
    let disk = disk.compiled_for(&[name.to_owned()]);
    let working = common.working(&format!("comparing {} with {path}", target.name()));
    let mut checked = compile::check(&path, &text, &disk);
    let compared = compile::verify(&mut checked, target, &files);
    drop(working);
    match compared {
        None => {
            common.report(&checked.sources, &checked.diagnostics);
            Exit::Invalid
        }
        Some(Err(error)) => common.fail(&format!("{}: {error}", arguments.configuration.join(", "))),
        Some(Ok(verdict)) => tell(&report(&verdict, &mut checked), &path, arguments, common),
    }
}

/// Holds a certificate against the policy and the files beside it.
fn certified(given: &str, arguments: &Arguments, common: &Common) -> Exit {
    let disk = common.disk();
    let certificate = match disk::named(given).and_then(|text| Certificate::read(&text)) {
        Ok(certificate) => certificate,
        Err(why) => return common.fail(&format!("`{given}`: {why}")),
    };
    let Some(target) = Target::named(&certificate.target) else {
        return common.fail(&super::targets::unknown(&certificate.target));
    };
    let (path, text) = match disk::policy(&arguments.path) {
        Ok(policy) => policy,
        Err(why) => return common.fail(&why),
    };
    let folder = given.rfind('/').map_or("", |slash| &given[..=slash]);
    let there =
        |name: &String| disk::named(&format!("{folder}{name}")).ok().map(|text| File { name: name.clone(), text });
    // A file that is read and that the certificate does not name counts too.
    let mut names: BTreeSet<String> = certificate.files.keys().cloned().collect();
    names.extend(target.reads().iter().map(|name| (*name).to_owned()));
    let files: Vec<File> = names.iter().filter_map(there).collect();
    let disk = disk.compiled_for(&[target.name().to_owned()]);
    let mut checked = compile::check(&path, &text, &disk);
    let policy = certificate.changed_policy(&checked, &path);
    let changed = certificate.changed_files(&files);
    common.say(&format!("{given}: hedgerow {}, {}", certificate.hedgerow, certificate.date));
    let said = |changed: &[String]| if changed.is_empty() { "as it was".to_owned() } else { changed.join(", ") };
    common.say(&format!("  policy    {}", said(&policy)));
    common.say(&format!("  files     {}", said(&changed)));
    let mut read: Vec<File> = files.iter().filter(|file| target.is_read(&file.name)).cloned().collect();
    read.sort_by_key(|file| target.reads().iter().position(|name| *name == file.name));
    if read.is_empty() {
        return common.fail(&format!("there is no configuration beside `{given}`"));
    }
    match compile::verify(&mut checked, target, &read) {
        None => {
            common.report(&checked.sources, &checked.diagnostics);
            Exit::Invalid
        }
        Some(Err(error)) => common.fail(&error.to_string()),
        Some(Ok(verdict)) if verdict.is_equal() => {
            let claims = certificate.changed_claims(target.proves(), &verdict.additions, &disk.today().to_string());
            for (heading, what) in &claims {
                common.say(&format!("  {heading:<8}  {what}"));
            }
            common.say(&format!("  proof     equal to the policy ({})", target.covers()));
            if policy.is_empty() && changed.is_empty() && claims.is_empty() { Exit::Clean } else { Exit::Findings }
        }
        Some(Ok(verdict)) => {
            common.say("  proof     different");
            let report = report(&verdict, &mut checked);
            let text = human(&report, folder.trim_end_matches('/'), &path, arguments.all);
            if std::io::stdout().write_all(text.as_bytes()).is_err() { Exit::Invalid } else { Exit::Findings }
        }
    }
}

fn tell(report: &Comparison, path: &str, arguments: &Arguments, common: &Common) -> Exit {
    let exit = if report.equal { Exit::Clean } else { Exit::Findings };
    let names = arguments.configuration.join(", ");
    let text = match arguments.format {
        Format::Json => match serde_json::to_string_pretty(report) {
            Ok(text) => text + "\n",
            Err(error) => return common.fail(&error.to_string()),
        },
        Format::Human if report.equal => {
            // What hangs on nothing that was read may still be there, such as a script that the router runs.
            let far = if report.not_understood.is_empty() { "" } else { ", as far as it can be seen" };
            let covers = arguments.target.as_deref().and_then(Target::named).map_or("", Target::covers);
            common.say(&format!("equal: {names} does what {path} says ({covers}){far}"));
            for unknown in &report.not_understood {
                common.say(&format!("  not understood: {unknown}"));
            }
            for addition in &report.besides {
                common.say(&format!("  besides   {addition}"));
            }
            return exit;
        }
        Format::Human => human(report, &names, path, arguments.all),
    };
    if std::io::stdout().write_all(text.as_bytes()).is_err() { Exit::Invalid } else { exit }
}

fn human(report: &Comparison, names: &str, path: &str, all: bool) -> String {
    let mut text = format!("different: {names} does not do what {path} says\n");
    let shown = if all { report.differences.len() } else { SHOWN };
    for finding in report.differences.iter().take(shown) {
        let Finding { kind, what, from, to, service, packet, translation, router, led_by, policy, .. } = finding;
        let [from, to, service] = [from, to, service].map(|words| if all { words.clone() } else { short(words) });
        let what = what.clone().unwrap_or_else(|| format!("{from} -> {to} : {service}"));
        text += &format!("  {:<10}  {what}\n", kind.word());
        let translation = translation.as_ref().map(|how| format!(", {how}")).unwrap_or_default();
        if !packet.is_empty() {
            text += &format!("            packet  {packet}{translation}\n");
        }
        text += &format!("            router  {}\n", router.as_deref().unwrap_or("no rule, its default"));
        for line in led_by {
            text += &format!("            by      {line}\n");
        }
        if matches!(kind, comparison::Kind::Replies | comparison::Kind::Invalid) {
            continue;
        }
        let default = if finding.allowed { "passes without a statement" } else { "nothing allows it" };
        let policy = if policy.is_empty() { default.to_owned() } else { policy.join(", ") };
        text += &format!("            policy  {policy}\n");
    }
    let more = report.differences.len().saturating_sub(shown);
    if more > 0 {
        text += &format!("  and {more} more: --all shows them\n");
    }
    text += &most(&report.differences);
    let told = if all { report.not_understood.len() } else { SHOWN };
    for unknown in report.not_understood.iter().take(told) {
        text += &format!("  not understood: {unknown}\n");
    }
    let more = report.not_understood.len().saturating_sub(told);
    if more > 0 {
        text += &format!("  and {more} more that are not understood: --all shows them\n");
    }
    for note in report.besides.iter().skip(report.besides.len().saturating_sub(report.notes)) {
        text += &format!("  besides   {note}\n");
    }
    text
}

/// A list without what is beyond the width of two lines.
fn short(list: &str) -> String {
    let end = list.char_indices().nth(WIDE).map(|(at, _)| at);
    let Some((kept, rest)) = end.and_then(|end| list.split_at_checked(list.get(..end)?.rfind(", ")?)) else {
        return list.to_owned();
    };
    let more = rest.matches(", ").count();
    format!("{kept} and {more} more")
}

/// The line of the router that decides over most of the differences, where there are many: it is where to look first.
fn most(differences: &[Finding]) -> String {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for line in differences.iter().filter_map(|found| found.router.as_deref()) {
        *lines.entry(line).or_default() += 1;
    }
    let most = lines.into_iter().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 3);
    let all = differences.len();
    most.map_or_else(String::new, |(line, count)| {
        let many = if count == all { format!("all {count}") } else { format!("{count} of {all}") };
        format!("  look first at what decides over {many}: {line}\n")
    })
}

fn report(verdict: &Verdict, checked: &mut Checked) -> Comparison {
    let mut differences: Vec<&Difference> = verdict.differences.iter().collect();
    let risk = |difference: &Difference| {
        let uplink = checked
            .network
            .zone_ids()
            .any(|(id, zone)| zone.is_internet() && crate::policy::zone_number(id) == difference.packet.ingress);
        (difference.kind, !uplink)
    };
    differences.sort_by_key(|difference| risk(difference));
    Comparison {
        version: 1,
        hedgerow: env!("CARGO_PKG_VERSION"),
        equal: verdict.is_equal(),
        differences: {
            let packets = differences.into_iter().flat_map(|difference| finding(difference, checked));
            let mut all: Vec<Finding> = packets.collect();
            all.extend(verdict.deviations.iter().map(|found| deviation(found, checked)));
            all
        },
        not_understood: verdict.unknown.iter().map(place).collect(),
        besides: verdict.additions.iter().cloned().chain(verdict.notes.iter().map(place)).collect(),
        notes: verdict.notes.len(),
    }
}

const fn kind(kind: Kind) -> comparison::Kind {
    match kind {
        Kind::Open => comparison::Kind::Open,
        Kind::Closed => comparison::Kind::Closed,
        Kind::Translated => comparison::Kind::Translated,
        Kind::Undecided => comparison::Kind::Undecided,
        Kind::RepliesDropped => comparison::Kind::Replies,
        Kind::InvalidAccepted => comparison::Kind::Invalid,
    }
}

fn finding(difference: &Difference, checked: &mut Checked) -> Vec<Finding> {
    let Some(meant) = checked.meant.as_mut() else { return Vec::new() };
    // Of later packets, which belong to no rule, the packet says enough.
    let later = matches!(difference.kind, Kind::RepliesDropped | Kind::InvalidAccepted);
    let Difference { packets, within, .. } = *difference;
    let triples = if later { Vec::new() } else { triples(&checked.network, packets, within, &mut meant.space) };
    let mut accepted = meant.meaning.behaviour.accepted.values();
    let allowed = accepted.any(|set| meant.space.contains(*set, &difference.packet));
    let mut policy: Vec<String> = difference.causes.iter().map(|cause| statement(*cause, checked)).collect();
    policy.dedup();
    let of = |what: Option<String>, (from, to, service): (String, String, String)| Finding {
        kind: kind(difference.kind),
        what,
        from,
        to,
        service,
        packet: difference.packet_words(&checked.network),
        translation: difference.translation(),
        router: difference.line.as_ref().map(place),
        led_by: difference.led_by.iter().map(place).collect(),
        policy: policy.clone(),
        allowed,
    };
    if later {
        let what = match difference.kind {
            Kind::RepliesDropped => "answers to connections that are allowed are dropped",
            _ => "packets that belong to no connection pass",
        };
        return vec![of(Some(what.to_owned()), Default::default())];
    }
    triples.into_iter().map(|triple| of(None, (triple.from, triple.to, triple.service))).collect()
}

/// What the rules rest on, which no packet shows.
fn deviation(found: &Deviation, checked: &Checked) -> Finding {
    Finding {
        kind: match found.kind {
            Aspect::Address => comparison::Kind::Address,
            Aspect::Gateway => comparison::Kind::Gateway,
            Aspect::Lease => comparison::Kind::Lease,
            Aspect::Pool => comparison::Kind::Pool,
        },
        what: Some(found.what.clone()),
        from: String::new(),
        to: String::new(),
        service: String::new(),
        packet: String::new(),
        translation: None,
        router: Some(found.line.as_ref().map_or_else(|| "nothing".to_owned(), place)),
        led_by: Vec::new(),
        policy: vec![checked.sources.place(found.span)],
        allowed: false,
    }
}

/// `main.hedge:33`, or what passes without a statement.
fn statement(cause: Cause, checked: &Checked) -> String {
    match (cause.span(), cause) {
        (Some(span), _) => checked.sources.place(span),
        (None, Cause::Baseline(what)) => format!("always: {what}"),
        (None, Cause::OutputOpen) => "output open".to_owned(),
        (None, _) => "within the zone".to_owned(),
    }
}

fn place(line: &Line) -> String {
    let Line { file, line, text } = line;
    let at = match (file.as_str(), *line) {
        ("", 0) => return text.clone(),
        ("", line) => format!("line {line}"),
        (file, 0) => file.to_owned(),
        (file, line) => format!("{file}:{line}"),
    };
    if text.is_empty() { at } else { format!("{at}: {text}") }
}
