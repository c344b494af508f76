//! Two at once.

use std::time::Duration;

use super::{end, stage};
use crate::kubernetes::fault::Fault;

#[test]
fn of_two_upgrades_at_once_one_wins_and_one_is_told() {
    for verb in ["install", "upgrade"] {
        let Some(stage) = stage() else { return };
        if verb == "upgrade" {
            stage.run(&["install", "shop", "calm"]).well();
        }
        // Both have looked before either writes.
        let slow = Fault {
            method: "POST",
            path: "/secrets$".to_owned(),
            delay: Duration::from_secs(2),
            ..Fault::default()
        };
        stage.namespace.fault(&slow).expect("understood");
        let both =
            ["count=2", "count=3"].map(|set| stage.start(&[verb, "shop", "calm", "--set", set]));
        let [first, second] = both.map(end);
        stage.namespace.heal().expect("answered");
        let (winner, loser, value) = match first.code {
            Some(0) => (first, second, "2"),
            _ => (second, first, "3"),
        };
        winner.well();
        loser.badly(&["nothing was changed by this one"]);
        match verb {
            "install" => stage.stands(&["deployed"]),
            _ => stage.stands(&["superseded", "deployed"]),
        }
        let map = stage.namespace.get("configmaps/map").expect("answered");
        assert_eq!(map.expect("there")["data"]["count"], value);
    }
}

#[test]
fn who_comes_while_another_works_is_told() {
    let Some(stage) = stage() else { return };
    stage.run(&["install", "shop", "calm"]).well();
    let mut child = stage.start(&["upgrade", "shop", "hook"]);
    stage.until_there("batch/v1/jobs/endless");
    stage.run(&["upgrade", "shop", "calm"]).badly(&[
        "Revision 2 of \"shop\" is pending-upgrade since",
        "process ",
    ]);
    child.kill().expect("killed");
    end(child);
}
