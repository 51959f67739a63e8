//! The whole pipeline: a policy's text in, proven files out.

mod conflict;

use std::collections::BTreeMap;

pub use crate::{
    check::{Reckoning, Selection},
    companion::Companions,
    policy::Meant,
};

use crate::{
    companion::{self, Beside},
    diagnostic::{Diagnostic, Severity, Sources},
    model::{self, Network, VpnKind},
    packet::Space,
    plan::{Request, rulebook},
    policy::{Standing, meaning},
    router::{File, Limits, Unreadable},
    target::Target,
    verify::{self, Verdict},
    world::{Recorder, World},
};

/// How far a check goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// At most so many paths are shown for a finding about chains of hosts.
    pub paths: usize,
    /// The packets' diagram may grow to this many branches; a policy beyond it is refused, never half decided.
    pub branches: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { paths: 1, branches: 40_000_000 }
    }
}

/// A policy that was read, with its meaning.
pub struct Checked {
    pub sources: Sources,
    pub network: Network,
    pub diagnostics: Vec<Diagnostic>,
    /// What the leak checks came to.
    pub reckoning: Reckoning,
    /// The texts that the policy is made of, by their paths: its own, and all that were read for it.
    pub inputs: BTreeMap<String, String>,
    /// Only when no diagnostic of the model is an error.
    pub meant: Option<Meant>,
}

/// The files of one target, proven equal to the policy.
pub struct Output {
    pub target: Target,
    pub files: Vec<File>,
    /// What a router of this make lets through beyond the policy and cannot be told not to.
    pub additions: Vec<String>,
}

impl Checked {
    /// Is there an error among the diagnostics?
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Reads, resolves and checks a policy.
pub fn check(path: &str, text: &str, world: &dyn World) -> Checked {
    check_within(path, text, world, Budget::default(), &Selection::default())
}

/// [`check`], within another budget, and of selected checks only. What makes a policy invalid is told in any case.
pub fn check_within(path: &str, text: &str, world: &dyn World, budget: Budget, selection: &Selection) -> Checked {
    let mut sources = Sources::default();
    let recorder = Recorder::new(world);
    let (network, diagnostics) = model::resolve(path, text, &mut sources, &recorder);
    let mut inputs = recorder.into_read();
    inputs.insert(path.to_owned(), text.to_owned());
    let mut checked = Checked { sources, network, diagnostics, inputs, reckoning: Reckoning::default(), meant: None };
    // A statement that has run out is left out and said to be; everything else can be decided.
    let fatal = |found: &Diagnostic| found.severity == Severity::Error && found.code != "expired-rule";
    if checked.diagnostics.iter().any(fatal) {
        return checked;
    }
    if let Some(mut meant) = meant_within(&checked.network, world, budget) {
        let earlier = checked.diagnostics.clone();
        let (found, reckoning) = crate::check::run(&checked.network, earlier, &mut meant, selection);
        // What was found before the budget ran out may be wrong, and what was not found may be there.
        if !meant.space.exhausted() {
            (checked.diagnostics, checked.reckoning) = (found, reckoning);
            checked.diagnostics.retain(|found| selection.wants(found.code));
            checked.meant = Some(meant);
            return checked;
        }
    }
    let router = checked.network.router.span;
    checked.diagnostics.push(
        Diagnostic::error("too-large", router, TOO_LARGE).help("split it, or use wider prefixes instead of long lists"),
    );
    checked
}

/// Of a policy beyond the budget.
pub const TOO_LARGE: &str = "this policy is too large to be decided exactly";

/// The meaning of a network; nothing when it is too large to be decided exactly.
#[must_use]
pub fn meant(network: &Network, world: &dyn World) -> Option<Meant> {
    meant_within(network, world, Budget::default())
}

fn meant_within(network: &Network, world: &dyn World, budget: Budget) -> Option<Meant> {
    let standing = Standing::new(network, "nftables", world.today());
    let (mut space, mut limits) = (Space::with_budget(budget.branches), Limits::default());
    let meaning = meaning(network, &standing, &mut limits, &mut space);
    (!space.exhausted()).then_some(Meant { standing, meaning, limits, space, paths: budget.paths })
}

/// Renders a checked policy for a target and proves the files equal to it. Nothing is given out that is not proven.
///
/// `base` is the user's own configuration to be merged with, for targets that can.
///
/// # Errors
/// What the target cannot express, at its place; or the packets on which the files differ from the policy.
pub fn render(checked: &mut Checked, policy: &str, target: Target, base: &[File]) -> Result<Output, Vec<Diagnostic>> {
    let network = &checked.network;
    let Some(meant) = checked.meant.as_mut() else { return Err(Vec::new()) };
    let standing = meant.standing.on(network, target.name());
    let book = rulebook(network, &meant.meaning)?;
    let request = Request { network, standing: &standing, book: &book, sources: &checked.sources, policy, base };
    let files = target.render(&request)?;
    let tools = (&mut meant.limits, &mut meant.space);
    let verdict = verify::compare(target, &files, network, &standing, &meant.meaning, tools);
    let router = network.router.span;
    let fault = |message: String| Diagnostic::error("not-proven", router, message);
    match verdict {
        Err(error) => Err(vec![fault(format!("the rendered configuration cannot be read back: {error}"))]),
        // What the user's own configuration has of addresses, pools and leases is said where it is merged.
        Ok(verdict) if verdict.is_equal() || !base.is_empty() && verdict.differences.is_empty() => {
            Ok(Output { target, files, additions: verdict.additions })
        }
        Ok(verdict) => {
            let lacking = target.lacking(network, base);
            if !lacking.is_empty() {
                return Err(lacking);
            }
            let standing = standing.clone();
            let conflicts = conflict::Search { checked, standing: &standing, target, base }.conflicts(&files, &verdict);
            if !conflicts.is_empty() {
                return Err(conflicts);
            }
            let network = &checked.network;
            let error = if base.is_empty() {
                fault("the rendered configuration differs from the policy, so nothing was written".to_owned())
                    .help("this is a fault of hedgerow: please report it with the policy")
            } else {
                fault("merged with your configuration it differs from the policy, so nothing was written".to_owned())
                    .help("if the rules named above are your own, change or remove them and merge again; if they are hedgerow's, please report it with the policy")
            };
            let notes = verdict.differences.iter().map(|difference| difference.sentence(network));
            let notes = notes.chain(verdict.deviations.iter().map(verify::Deviation::sentence));
            Err(vec![notes.fold(error, Diagnostic::note)])
        }
    }
}

/// The files beside routers of these makes of a checked policy, and what is left to be done by hand.
///
/// # Errors
/// If a template fails.
pub fn companions(checked: &Checked, targets: &[Target]) -> Result<Companions, Vec<Diagnostic>> {
    let everywhere = |kind: &VpnKind| !targets.is_empty() && targets.iter().all(|target| target.holds(*kind));
    let held: Vec<VpnKind> = [VpnKind::Wireguard, VpnKind::Openvpn].into_iter().filter(everywhere).collect();
    let named = checked.network.router.targets.iter().map(|(name, _)| name.as_str());
    let targets =
        if targets.is_empty() { named.collect() } else { targets.iter().map(|target| target.name()).collect() };
    companion::companions(&checked.network, &Beside { targets, held }).map_err(|error| vec![*error])
}

/// What a configuration does otherwise than a checked policy says. Nothing when the policy is invalid.
///
/// # Errors
/// If a router of this make would refuse the configuration, or it is too large to be evaluated.
pub fn verify(checked: &mut Checked, target: Target, files: &[File]) -> Option<Result<Verdict, Unreadable>> {
    let meant = checked.meant.as_mut()?;
    let standing = meant.standing.on(&checked.network, target.name());
    let tools = (&mut meant.limits, &mut meant.space);
    Some(verify::compare(target, files, &checked.network, &standing, &meant.meaning, tools))
}
