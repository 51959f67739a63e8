//! First pass: which names there are.

use super::{Lazy, Object, Placed, Resolver};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        load::{Space, Units},
        network::{HostId, ScheduleId, ZoneId},
    },
    syntax::{
        self,
        tree::{Name, StatementKind},
    },
};

const RENAME: &str = "rename one of them, or remove it";

impl<'t> Resolver<'t> {
    /// Remembers every name with its statement.
    #[expect(clippy::collapsible_match, reason = "`object` remembers the name: no condition for a pattern")]
    pub(super) fn declare(&mut self, units: &'t Units) {
        let mut vpns = Vec::new();
        for unit in &units.list {
            for statement in &unit.file.statements {
                let (space, span) = (unit.space, statement.span);
                let folder = unit.folder.as_str();
                match &statement.kind {
                    StatementKind::Zone(tree) => {
                        let id = ZoneId(self.zone_trees.len());
                        if self.object(space, &tree.name, Object::Zone(id)) {
                            self.zone_trees.push(Placed { space, folder, span, tree });
                        }
                    }
                    StatementKind::Host(tree) => {
                        let id = HostId(self.host_trees.len());
                        if self.object(space, &tree.name, Object::Host(id)) {
                            self.host_trees.push(Placed { space, folder, span, tree });
                        }
                    }
                    StatementKind::Group(tree) => {
                        if self.object(space, &tree.name, Object::Group(self.group_trees.len())) {
                            self.group_trees.push(Placed { space, folder, span, tree });
                            self.groups.push(Lazy::Waiting);
                        }
                    }
                    StatementKind::Ranges(tree) => {
                        if self.object(space, &tree.name, Object::Ranges(self.ranges_trees.len())) {
                            self.ranges_trees.push(Placed { space, folder, span, tree });
                            self.ranges.push(Lazy::Waiting);
                        }
                    }
                    StatementKind::Service(tree) => {
                        self.protocol_name(&tree.name);
                        let earlier =
                            self.services.declare(space, &tree.name.text, self.service_trees.len(), tree.name.span);
                        if self.fresh(&tree.name, earlier, RENAME) {
                            self.service_trees.push(Placed { space, folder, span, tree });
                            self.service_values.push(Lazy::Waiting);
                        }
                    }
                    StatementKind::Integration(tree) => {
                        let earlier = self.integrations.declare(
                            space,
                            &tree.name.text,
                            self.integration_trees.len(),
                            tree.name.span,
                        );
                        if self.fresh(&tree.name, earlier, RENAME) {
                            self.integration_trees.push(Placed { space, folder, span, tree });
                            self.integration_values.push(Lazy::Waiting);
                        }
                    }
                    StatementKind::Schedule(tree) => {
                        let earlier = self.schedules.declare(
                            space,
                            &tree.name.text,
                            ScheduleId(self.schedule_trees.len()),
                            tree.name.span,
                        );
                        if self.fresh(&tree.name, earlier, RENAME) {
                            self.schedule_trees.push(Placed { space, folder, span, tree });
                        }
                    }
                    StatementKind::Vpn(tree) => vpns.push(Placed { space, folder, span, tree }),
                    _ => {}
                }
            }
        }
        self.declare_peers(vpns);
    }

    fn object(&mut self, space: Space, name: &Name, object: Object) -> bool {
        let earlier = self.objects.declare(space, &name.text, object, name.span);
        self.fresh(name, earlier, "zones, hosts, groups and ranges share one set of names: rename one of them")
    }

    /// A service of this name could never be asked for.
    fn protocol_name(&self, name: &Name) {
        if ["tcp", "udp", "sctp", "icmp", "icmpv6", "proto"].contains(&name.text.as_str()) {
            self.report(
                Diagnostic::error("reserved-name", name.span, format!("`{}` is a protocol", name.text))
                    .label("cannot be the name of a service")
                    .help("choose another name"),
            );
        }
    }

    /// Reports names that nothing can have.
    pub(super) fn well_named(&self, name: &Name) {
        if syntax::reserved(&name.text) {
            self.report(
                Diagnostic::error("reserved-name", name.span, format!("`{}` is a word of the language", name.text))
                    .label("cannot be declared")
                    .help("choose another name"),
            );
        } else if name.text.contains('.') {
            self.report(
                Diagnostic::error("dotted-name", name.span, format!("the name `{}` holds a dot", name.text))
                    .label("declared names have no dots")
                    .help("a dot parts the name of a module from the name in it"),
            );
        } else if name.text.starts_with('_') {
            self.report(
                Diagnostic::error("bad-name", name.span, format!("the name `{}` starts with `_`", name.text))
                    .label("a name starts with a letter")
                    .help(format!("write `{}`", name.text.trim_start_matches('_'))),
            );
        }
    }

    /// Reports reserved and repeated names.
    fn fresh(&self, name: &Name, earlier: Option<Span>, help: &str) -> bool {
        self.well_named(name);
        if let Some(earlier) = earlier {
            self.report(
                Diagnostic::error("duplicate-name", name.span, format!("the name `{}` is given twice", name.text))
                    .label("declared again here")
                    .also(earlier, "declared first here")
                    .help(help),
            );
            return false;
        }
        true
    }
}
