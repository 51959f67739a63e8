//! One policy after the other through the compiler, and what has to hold of each.

use std::{
    collections::BTreeMap,
    io::Write as _,
    panic::AssertUnwindSafe,
    process::{Command, Stdio},
    time::Duration,
};

use hedgerow::{
    compile::{self, Checked, Meant},
    diagnostic::{Diagnostic, Severity, Sources},
    model,
    packet::{Packet, Set, Space},
    router::{Behaviour, Outcome},
    target::{Target, nftables::read::read},
    world::Memory,
};

use super::{
    generate, mutate,
    oracle::{Oracle, Time},
    plan::{Policy, Statement},
    rng::Rng,
    sample::{self, Pool},
    shrink,
};

pub struct Config {
    pub packets: usize,
    pub edits: usize,
    pub nft: Option<&'static str>,
}

/// What a run has done.
#[derive(Default)]
pub struct Totals {
    pub policies: u64,
    /// Policies whose zones the model refuses.
    pub hopeless: u64,
    pub statements: u64,
    pub refused: u64,
    pub packets: u64,
    pub passed: u64,
    pub translated: u64,
    /// Policies in which two forwards take the same packets, an error for the compiler.
    pub contested: u64,
    pub proven: u64,
    pub inexpressible: u64,
    pub loaded: u64,
    /// The same for OpenWrt.
    pub uci_proven: u64,
    pub uci_inexpressible: u64,
    pub assertions: u64,
    pub held: u64,
    pub edits: u64,
    /// Edited rulesets that were found equal to the policy, different, or were refused.
    pub edits_equal: u64,
    pub edits_different: u64,
    pub edits_refused: u64,
    /// Differences that the oracle confirms by their own packet.
    pub confirmed: u64,
    pub outcomes: BTreeMap<&'static str, u64>,
    pub errors: BTreeMap<String, u64>,
    pub failures: Vec<String>,
}

impl Totals {
    pub fn plus(mut self, other: Self) -> Self {
        self.policies += other.policies;
        self.hopeless += other.hopeless;
        self.statements += other.statements;
        self.refused += other.refused;
        self.packets += other.packets;
        self.passed += other.passed;
        self.translated += other.translated;
        self.contested += other.contested;
        self.proven += other.proven;
        self.inexpressible += other.inexpressible;
        self.loaded += other.loaded;
        self.uci_proven += other.uci_proven;
        self.uci_inexpressible += other.uci_inexpressible;
        self.assertions += other.assertions;
        self.held += other.held;
        self.edits += other.edits;
        self.edits_equal += other.edits_equal;
        self.edits_different += other.edits_different;
        self.edits_refused += other.edits_refused;
        self.confirmed += other.confirmed;
        for (word, count) in other.outcomes {
            *self.outcomes.entry(word).or_default() += count;
        }
        for (code, count) in other.errors {
            *self.errors.entry(code).or_default() += count;
        }
        self.failures.extend(other.failures);
        self
    }

    pub fn report(&self, time: Duration) -> String {
        format!(
            "{} policies in {:.1} s ({} more had zones that the model refuses), {} statements, {} of them refused and taken out\n\
             {} packets decided, {} passed, {} of these translated: {:?}\n\
             {} policies with contested forwards\n\
             {} rulesets proven, {} not expressible, {} taken by nft; for OpenWrt {} proven, {} not expressible\n\
             {} assertions, {} of them hold\n\
             {} edits of rulesets: {} equal, {} different ({} packets confirmed), {} refused\n\
             refused with: {:?}\n{} failures",
            self.policies,
            time.as_secs_f64(),
            self.hopeless,
            self.statements,
            self.refused,
            self.packets,
            self.passed,
            self.translated,
            self.outcomes,
            self.contested,
            self.proven,
            self.inexpressible,
            self.loaded,
            self.uci_proven,
            self.uci_inexpressible,
            self.assertions,
            self.held,
            self.edits,
            self.edits_equal,
            self.edits_different,
            self.confirmed,
            self.edits_refused,
            self.errors,
            self.failures.len(),
        )
    }
}

fn world() -> Memory {
    Memory { date: jiff_date(), ..Memory::default() }
}

fn jiff_date() -> jiff::civil::Date {
    jiff::civil::date(2026, 7, 1)
}

/// The errors of the model, each with the number of its line.
fn errors(policy: &Policy) -> Vec<(usize, Diagnostic)> {
    let text = policy.text();
    let mut sources = Sources::default();
    let (_, found) = model::resolve("random.hedge", &text, &mut sources, &world());
    found
        .into_iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| {
            let at = found.primary.span.start as usize;
            (text[..at.min(text.len())].matches('\n').count(), found)
        })
        .collect()
}

/// Takes out what the model refuses. Nothing if that is the router or a zone.
pub fn settle(mut policy: Policy, totals: &mut Totals) -> Option<Policy> {
    totals.statements += policy.statements.len() as u64;
    let zones = policy.zones.len();
    loop {
        let mut lines = Vec::new();
        for (line, error) in errors(&policy) {
            lines.push(line);
            *totals.errors.entry(error.code.to_owned()).or_default() += 1;
        }
        lines.sort_unstable();
        lines.dedup();
        if lines.is_empty() {
            return Some(policy);
        }
        if lines.iter().any(|line| *line <= zones) {
            totals.hopeless += 1;
            return None;
        }
        totals.refused += lines.len() as u64;
        for line in lines.iter().rev() {
            policy.statements.remove(line - zones - 1);
        }
    }
}

/// Makes the policy of a seed and checks it. A failure is made as small as it goes and written down.
pub fn case(seed: u64, config: &Config, totals: &mut Totals) {
    let mut rng = Rng::new(seed);
    let policy = generate::policy(&mut rng);
    let Some(policy) = settle(policy, totals) else { return };
    totals.policies += 1;
    let Err(first) = guarded(&policy, seed, config, totals) else { return };
    let (policy, last) = shrink::smallest(policy, &first, |smaller| {
        if !errors(smaller).is_empty() {
            return None;
        }
        let config = Config { packets: config.packets.max(1500), ..*config };
        guarded(smaller, seed, &config, &mut Totals::default()).err()
    });
    totals.failures.push(format!("seed {seed}: {last}\n{}", policy.text()));
}

fn guarded(policy: &Policy, seed: u64, config: &Config, totals: &mut Totals) -> Result<(), String> {
    std::panic::catch_unwind(AssertUnwindSafe(|| check(policy, seed, config, totals)))
        .unwrap_or_else(|_| Err("panic: the compiler panicked".to_owned()))
}

/// A sentence that starts with its kind and a colon: shrinking keeps the kind.
fn check(policy: &Policy, seed: u64, config: &Config, totals: &mut Totals) -> Result<(), String> {
    let text = policy.text();
    let mut checked = compile::check("random.hedge", &text, &world());
    let network = checked.network.clone();
    let contested =
        checked.diagnostics.iter().any(|found| matches!(found.code, "forward-collision" | "conflicting-rules"));
    let Some(meant) = &checked.meant else { return Err(format!("meaning: none, {:?}", checked.diagnostics)) };
    let oracle = Oracle::new(policy, &network, meant.limits.all().to_vec());
    let pool = Pool::new(&oracle, meant.limits.all().len());
    let mut rng = Rng::new(seed ^ 0xabcd);
    let packets: Vec<(Packet, Option<Outcome>)> = (0..config.packets)
        .map(|_| {
            let packet = pool.packet(&oracle, &mut rng);
            (packet, oracle.decide(&packet))
        })
        .collect();
    totals.packets += packets.len() as u64;
    totals.passed += packets.iter().filter(|(_, outcome)| outcome.is_some()).count() as u64;
    for (_, outcome) in &packets {
        *totals.outcomes.entry(word(*outcome)).or_default() += 1;
    }
    totals.translated +=
        packets.iter().filter(|(_, outcome)| outcome.is_some_and(|outcome| outcome.dnat.is_some())).count() as u64;

    for (packet, said) in &packets {
        agree("meaning", &meant.meaning.behaviour, &meant.space, packet, *said, &network)?;
    }
    assertions(policy, &checked, &packets, totals)?;
    drop(oracle);
    if contested {
        // An error: nothing is rendered.
        totals.contested += 1;
        return Ok(());
    }
    openwrt(&mut checked, totals)?;
    let output = match compile::render(&mut checked, "random.hedge", Target::Nftables, &[]) {
        Ok(output) => output,
        Err(errors) => {
            if errors.iter().all(|error| error.code == "backend-cannot-express") && !errors.is_empty() {
                totals.inexpressible += 1;
                return Ok(());
            }
            let mut said = String::new();
            for error in errors {
                said += &format!("\n  {} {} {:?}", error.code, error.message, error.notes);
            }
            return Err(format!("render: refused{said}"));
        }
    };
    totals.proven += 1;
    let rules = output.files[0].text.clone();
    let again = compile::check("random.hedge", &text, &world());
    let mut again = again;
    match compile::render(&mut again, "random.hedge", Target::Nftables, &[]) {
        Ok(second) if second.files == output.files => {}
        _ => return Err("second: the second run gives another text".to_owned()),
    }
    if let Some(how) = config.nft {
        nft(how, &rules).map_err(|error| format!("nft: {error}"))?;
        totals.loaded += 1;
    }
    let Some(meant) = checked.meant.as_mut() else { return Err("meaning: lost".to_owned()) };
    let reading = read(&rules, &meant.standing.topology, &mut meant.limits, &mut meant.space)
        .map_err(|error| format!("reading: {error}"))?;
    for (packet, said) in &packets {
        if meant.space.contains(reading.first, packet) {
            agree("reading", &reading.surely, &meant.space, packet, *said, &network)?;
        }
    }
    shuffled(policy, &mut rng, meant, &network)?;
    let oracle = Oracle::new(policy, &network, meant.limits.all().to_vec());
    for _ in 0..config.edits {
        mutate::edit(&rules, &network, meant, &oracle, &packets, &mut rng, totals)?;
    }
    Ok(())
}

/// Proven or refused, never unproven.
fn openwrt(checked: &mut Checked, totals: &mut Totals) -> Result<(), String> {
    match compile::render(checked, "random.hedge", Target::OpenWrt, &[]) {
        Ok(_) => totals.uci_proven += 1,
        Err(errors) if !errors.is_empty() && errors.iter().all(|error| error.code == "backend-cannot-express") => {
            totals.uci_inexpressible += 1;
        }
        Err(errors) => {
            let said = errors.iter().map(|error| format!("\n  {} {} {:?}", error.code, error.message, error.notes));
            return Err(format!("openwrt: refused{}", said.collect::<String>()));
        }
    }
    Ok(())
}

/// What an outcome is, for the figures.
fn word(outcome: Option<Outcome>) -> &'static str {
    use hedgerow::router::{Dnat, Snat};
    match outcome.map(|outcome| (outcome.dnat, outcome.snat)) {
        None => "denied",
        Some((None, None)) => "as it is",
        Some((None, Some(Snat::Masquerade))) => "masqueraded",
        Some((None, Some(Snat::To { .. }))) => "under an address",
        Some((Some(Dnat::ToRouter { .. }), _)) => "redirected to the router",
        Some((Some(Dnat::To { port: Some(_), .. }), None)) => "forwarded, other port",
        Some((Some(Dnat::To { .. }), None)) => "forwarded",
        Some((Some(Dnat::To { .. }), Some(_))) => "forwarded and masqueraded",
    }
}

/// What a behaviour does with a packet. Nobody may file a packet twice.
pub fn verdict(behaviour: &Behaviour, space: &Space, packet: &Packet) -> Result<Option<Outcome>, String> {
    let mut found =
        behaviour.accepted.iter().filter(|(_, set)| space.contains(**set, packet)).map(|(outcome, _)| *outcome);
    let first = found.next();
    if found.next().is_some() {
        return Err(format!("twice: {packet:?} has two outcomes"));
    }
    Ok(first)
}

fn agree(
    kind: &str,
    behaviour: &Behaviour,
    space: &Space,
    packet: &Packet,
    said: Option<Outcome>,
    network: &model::Network,
) -> Result<(), String> {
    let found = verdict(behaviour, space, packet)?;
    if found == said {
        return Ok(());
    }
    Err(format!(
        "{kind}: {}\n  minute {} exceeded {} source port {}\n  oracle   {said:?}\n  compiler {found:?}",
        hedgerow::verify::describe(packet, network),
        packet.minute,
        packet.exceeded,
        packet.src_port,
    ))
}

/// Assertions that the compiler says hold must hold for every sampled packet, and one that fails must fail for some.
fn assertions(
    policy: &Policy,
    checked: &Checked,
    packets: &[(Packet, Option<Outcome>)],
    totals: &mut Totals,
) -> Result<(), String> {
    let tight = Oracle::new(policy, &checked.network, limits(checked)).at(Time::Tightest);
    let loose = Oracle::new(policy, &checked.network, limits(checked)).at(Time::Loosest);
    for (index, statement) in policy.statements.iter().enumerate() {
        let Statement::Assert(assertion) = statement else { continue };
        let line = index + 1 + policy.zones.len();
        let failed = checked.diagnostics.iter().find(|found| {
            found.severity == Severity::Error
                && checked.sources.text(found.primary.span).starts_with(assertion.kind)
                && line_of(checked, found) == line
        });
        totals.assertions += 1;
        if let Some(failed) = failed {
            let always = assertion.kind == "always";
            witnessed(if always { &tight } else { &loose }, always, failed, checked)
                .map_err(|error| format!("witness: {error}\n  {}", policy.lines()[line]))?;
            continue;
        }
        totals.held += 1;
        for (packet, _) in packets {
            let broken = match assertion.kind {
                "always" => {
                    let dst = tight.plain(packet);
                    tight.about(packet, dst, &assertion.from, &assertion.to, &assertion.items)
                        && tight.honest(packet)
                        && tight.decide(packet).is_none()
                        && !tight.reached_by_translation(packet)
                }
                kind => {
                    let Some(dst) = loose.arrives(packet).filter(|_| loose.decide(packet).is_some()) else { continue };
                    let everybody = super::plan::Side { terms: vec![super::plan::Term::Any], except: Vec::new() };
                    let named = loose.about(packet, dst, &assertion.from, &assertion.to, &assertion.items);
                    let to = loose.about(packet, dst, &everybody, &assertion.to, &assertion.items);
                    let open = policy.router.output_open.unwrap_or(true);
                    let counts = packet.ingress != hedgerow::router::LOCAL || !open;
                    !loose.no_matter_of_rules(packet, dst)
                        && if kind == "never" { named } else { to && !named && counts }
                }
            };
            if broken {
                return Err(format!(
                    "assertion: said to hold, but not for {}\n  minute {} exceeded {} source port {}\n  {}",
                    hedgerow::verify::describe(packet, &checked.network),
                    packet.minute,
                    packet.exceeded,
                    packet.src_port,
                    policy.lines()[line],
                ));
            }
        }
    }
    Ok(())
}

/// Is the packet that a failed assertion shows what it should be: one that passes, or one that does not?
fn witnessed(oracle: &Oracle<'_>, always: bool, failed: &Diagnostic, checked: &Checked) -> Result<(), String> {
    let text = failed.notes.iter().find_map(|note| note.strip_prefix("packet: ")).ok_or("none is shown")?;
    let packet = sample::parse(text, &checked.network).ok_or_else(|| format!("cannot be read: {text}"))?;
    let limits = limits(checked).len() as u16;
    let moments = (0..7 * 1440).step_by(5).chain(0..7 * 1440);
    for minute in moments {
        for exceeded in 0..=limits {
            let packet = Packet { minute, exceeded, ..packet };
            let passes = oracle.decide(&packet).is_some_and(|outcome| outcome.dnat.is_none())
                || oracle.reached_by_translation(&packet);
            if passes != always {
                return Ok(());
            }
        }
        if minute > 0 && oracle.policy.text().find("schedule").is_none() {
            break;
        }
    }
    Err(format!("the oracle does not confirm {text}"))
}

fn limits(checked: &Checked) -> Vec<hedgerow::router::Limit> {
    checked.meant.as_ref().map_or_else(Vec::new, |meant| meant.limits.all().to_vec())
}

fn line_of(checked: &Checked, found: &Diagnostic) -> usize {
    let span = found.primary.span;
    checked.sources.get(span.source).map_or(0, |source| source.text[..span.start as usize].matches('\n').count())
}

/// The order of statements means nothing.
fn shuffled(policy: &Policy, rng: &mut Rng, meant: &mut Meant, network: &model::Network) -> Result<(), String> {
    let mut other = policy.clone();
    rng.shuffle(&mut other.statements);
    let mut sources = Sources::default();
    let (shuffled, _) = model::resolve("random.hedge", &other.text(), &mut sources, &world());
    let meaning = hedgerow::policy::meaning(&shuffled, &meant.standing, &mut meant.limits, &mut meant.space);
    let empty = Set::EMPTY;
    let outcomes = meaning.behaviour.accepted.keys().chain(meant.meaning.behaviour.accepted.keys());
    for outcome in outcomes {
        let of = |behaviour: &Behaviour| behaviour.accepted.get(outcome).copied().unwrap_or(empty);
        let (before, after) = (of(&meant.meaning.behaviour), of(&meaning.behaviour));
        if before != after {
            let lost = meant.space.minus(before, after);
            let won = meant.space.minus(after, before);
            let packet = meant.space.witness(lost).or_else(|| meant.space.witness(won));
            let packet = packet.map_or_else(String::new, |packet| hedgerow::verify::describe(&packet, network));
            return Err(format!("order: {packet} depends on the order of\n{}", other.text()));
        }
    }
    Ok(())
}

/// How to get nft into a namespace of its own, if it is there at all: `unshare -n` for root, `-rn` for others.
pub fn nft_works() -> Option<&'static str> {
    ["-n", "-rn"].into_iter().find(|how| nft(how, "table inet probe {\n}\n").is_ok())
}

/// Lets nft check a ruleset, kernel and all, without loading it.
fn nft(how: &str, text: &str) -> Result<(), String> {
    let mut child = Command::new("unshare")
        .args([how, "nft", "-c", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut stdin = child.stdin.take().ok_or("no standard input")?;
    let written = stdin.write_all(text.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    written.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if how == "-rn" && said.contains("Message too long") {
        // Without rights outside of its namespace nft cannot make the socket's buffer as large as it needs.
        return Ok(());
    }
    Err(said.lines().take(6).collect::<Vec<_>>().join("\n"))
}
