//! A policy that outgrows the budget is refused: no promise of it is said to hold, however far the decision came.

use hedgerow::{
    check::leak::Selection,
    compile::{self, Budget},
    diagnostic::Human,
    world::Memory,
};

const POLICY: &str = "
router edge { target nftables }

zone wan { role internet;  interface eth0;  address dhcp;  uplink public }
zone lan { role trusted;  interface eth1;  network 10.0.10.0/24, fd00:10::/64 }
zone iot { role iot;  interface eth2;  network 10.0.20.0/24, fd00:20::/64 }

host ha   { zone lan;  address 10.0.10.2, fd00:10::2 }
host plug { zone iot;  address 10.0.20.2, fd00:20::2 }

allow lan, iot -> internet
allow plug     -> ha  : tcp 8123, udp 5353
allow lan      -> iot : tcp 80, tcp 1883

exposed { }
never  iot -> ha : tcp 22
never  iot ~> lan : tcp 8123
always lan -> iot : tcp 80
";

#[test]
fn every_budget_gives_the_whole_answer_or_none() {
    let world = Memory::default();
    let whole = compile::check("main.hedge", POLICY, &world);
    assert!(whole.has_errors(), "a promise that does not hold, or a lost finding would not be noticed");
    let (mut branches, mut refused) = (1, 0);
    loop {
        let checked = compile::check_within(
            "main.hedge",
            POLICY,
            &world,
            Budget { branches, ..Budget::default() },
            &Selection::default(),
        );
        if checked.meant.is_some() {
            assert_eq!(checked.diagnostics, whole.diagnostics, "with {branches} branches");
            break;
        }
        refused += 1;
        let [found] = checked.diagnostics.as_slice() else { panic!("with {branches}: {:?}", checked.diagnostics) };
        if refused == 1 {
            insta::assert_snapshot!(Human::new(&checked.sources, false).render(found), @"
            error[too-large]: this policy is too large to be decided exactly
             --> main.hedge:2:1
              |
            2 | router edge { target nftables }
              | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              |
              = help: split it, or use wider prefixes instead of long lists
            ");
        }
        assert_eq!(found.code, "too-large", "with {branches} branches");
        branches += 1 + branches / 50;
    }
}
