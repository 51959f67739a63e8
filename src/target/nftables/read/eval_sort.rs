//! What sort a rule is of: those that only ask and decide can be followed many at once, and those that do nothing not at
//! all.

use super::{
    ast::{Action, Rule, Verdict},
    eval_mark::Marks,
};

/// Is it a condition, which lets packets on or not?
pub const fn is_condition(action: &Action) -> bool {
    matches!(
        action,
        Action::Match { .. }
            | Action::Reads { .. }
            | Action::Limit { .. }
            | Action::NamedLimit(_)
            | Action::Unknown
            | Action::Update(_)
    )
}

/// Does the rule accept (true) or drop (false) what meets its conditions, and nothing else?
pub fn plain(rule: &Rule) -> Option<bool> {
    let mut verdict = None;
    for statement in &rule.statements {
        match &statement.action {
            Action::Nothing(_) => {}
            action if verdict.is_none() && is_condition(action) => {}
            Action::Verdict(Verdict::Accept) if verdict.is_none() => verdict = Some(true),
            Action::Verdict(Verdict::Drop) if verdict.is_none() => verdict = Some(false),
            _ => return None,
        }
    }
    verdict
}

/// Does the rule have any effect on where packets go?
pub fn matters(rule: &Rule, marks: &Marks) -> bool {
    rule.statements.iter().any(|statement| match &statement.action {
        Action::Verdict(verdict) => *verdict != Verdict::Continue,
        Action::Mark { connection, .. } => marks.matter(*connection),
        Action::VerdictMap { .. }
        | Action::Nat(_)
        | Action::Untrack
        | Action::Zone
        | Action::Helper(_)
        | Action::Opaque => true,
        _ => false,
    })
}
