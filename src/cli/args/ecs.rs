//! `pintle ecs`: the first hour and the days after it on Amazon ECS.

use super::super::environment::Environment;
use super::super::run;
use super::super::run::amazon::{FLAGS as AMAZON, SIZES};
use super::super::run::upkeep;
use super::super::settings::Settings;
use super::page::{Call, Count, Live, Operand, Page};
use super::release::RELEASE;
use super::render::PROJECT;
use crate::diag::{Error, Kind as Failure};
use crate::go::flag::{Flag, FlagSet, Kind};
use crate::ui::Terminal;

type Act = fn(&FlagSet, &[String], &Environment, &mut Terminal) -> Result<(), Error>;

/// The flag that names the cluster.
const CLUSTER: &[Flag] = &[Flag::text(
    "cluster",
    "the cluster; that of the configuration where it is not given",
)];

const FORMAT: &[Flag] = &[Flag::new(
    "output",
    Kind::Custom {
        name: "format",
        list: false,
    },
    "how to print it: table, json, yaml",
)
.short('o')
.or("table")];

const PATIENCE: &[Flag] = &[
    Flag::new("timeout", Kind::Duration, "how long to wait").or("15m0s"),
    Flag::bool("no-wait", "do not wait for the deployments"),
];

const TIMEOUT: &[Flag] = &[Flag::new("timeout", Kind::Duration, "how long to wait").or("15m0s")];

const TASKS: &[Flag] = &[
    Flag::bool("all", "show tasks that have stopped, too").short('a'),
    Flag::slice("stop", "stop tasks, by their ids or what these begin with"),
    Flag::text("reason", "with --stop, why"),
];

const REVISIONS: &[Flag] = &[
    Flag::text(
        "keeps",
        "delete all but so many of each family, and those that are in use",
    ),
    Flag::bool("dry-run", "with --keeps, only say what would be deleted"),
];

const REPLICAS: &[Flag] = &[Flag::text(
    run::adjust::REPLICAS,
    "how many tasks there are to be",
)];

const RUN: &[Flag] = &[
    Flag::text(
        "service",
        "the service, job or task definition whose settings are used",
    ),
    Flag::text(
        "container",
        "the container that the command is for, and whose end counts",
    )
    .short('c'),
    Flag::array("env", "a variable for it, NAME=VALUE"),
    Flag::text("overrides", "overrides as RunTask has them, in JSON"),
    Flag::text("overrides-file", "a file with them"),
    Flag::text("revision", "a revision of the task definition"),
    Flag::text("count", "how many tasks").or("1"),
    Flag::array("tags", "a tag of the tasks, KEY=VALUE"),
    Flag::bool("detach", "print the ids of the tasks and do not wait").short('d'),
];

const EXEC: &[Flag] = &[
    Flag::text("service", "a service; all where it is not given"),
    Flag::text(
        "task",
        "a task, by its id or what it begins with; the newest where it is not given",
    ),
    Flag::text("container", "the container").short('c'),
];

const INIT: &[Flag] = &[
    Flag::text(
        "state",
        "where releases are recorded: s3://BUCKET/PREFIX, or file:PATH",
    ),
    Flag::bool("create-state", "make the folder of --state"),
    Flag::text("vpc", "the VPC"),
    Flag::slice("subnets", "the subnets of tasks"),
    Flag::slice("security-groups", "the security groups of tasks"),
    Flag::text(
        "execution-role",
        "the role that pulls images and reads secrets",
    ),
    Flag::text(
        "task-role",
        "the role of tasks whose service account has none",
    ),
    Flag::text(
        "listener",
        "the listener of a load balancer that Ingresses are added to",
    ),
    Flag::text(
        "launch-type",
        "what tasks run on: FARGATE, EC2, EXTERNAL, MANAGED_INSTANCES",
    ),
    Flag::bool("print", "print what would be written"),
    Flag::bool("yes", "ask nothing").short('y'),
];

const COMMAND: Operand = Operand::new(
    "COMMAND",
    "What to run there; behind --",
    Count::Any,
    Live::Nothing,
);
const SERVICES: Operand = Operand::new(
    "SERVICE",
    "A service of it; all where none is given",
    Count::Any,
    Live::Nothing,
);
const CHART: Operand = Operand::new(
    "CHART",
    "A chart or a file of manifests, in place of what is recorded",
    Count::Maybe,
    Live::Chart,
);
const SIZED: Operand = Operand::new(
    "SERVICE=N",
    "A service and a number; with --replicas the service alone",
    Count::Any,
    Live::Nothing,
);

/// Reads the configuration; the target is Amazon ECS whatever it says.
fn aim(call: &mut Call<'_>) -> Result<(), Error> {
    Settings::resolve(&mut call.flags, call.environment)?;
    let cluster = call.flags.text("cluster").to_owned();
    let target = call.flags.text("target").to_owned();
    let is_ecs = target == "ecs" || target.starts_with("ecs:");
    if is_ecs && cluster.is_empty() {
        return Ok(());
    }
    let target = match cluster.as_str() {
        "" => "ecs".to_owned(),
        cluster => format!("ecs:{cluster}"),
    };
    let set = call
        .flags
        .set("target", &target, &mut |_, text| Ok(text.to_owned()));
    set.map_err(|why| Error::new(Failure::Usage, why))
}

fn act(call: &mut Call<'_>, terminal: &mut Terminal, act: Act) -> Result<u8, Error> {
    aim(call)?;
    act(&call.flags, &call.arguments, call.environment, terminal).map(|()| 0)
}

const fn page(path: &'static str, about: &'static str) -> Page {
    Page::new(path, about)
        .takes(&[RELEASE, SERVICES])
        .with(&[PROJECT, AMAZON, CLUSTER])
}

const SUBJECT: &str = "RELEASE is a release, or a service of the cluster that belongs to none.";

pub(super) const PAGES: &[Page] = &[
    Page::new("ecs init", "Write what an account has into pintle.yaml")
        .more(
            "Cluster, subnets, security groups, roles and listener are looked up, those that services of\n\
             the cluster use first; what is not clear is asked on a terminal, or named by flags. Nothing is\n\
             made but the file, and an `ecs:` part that is there is not touched.",
        )
        .with(&[PROJECT, AMAZON, CLUSTER, INIT])
        .runs(|call, terminal| upkeep::init(&call.flags, call.environment, terminal).map(|()| 0))
        .examples(&[(
            "ecs init --cluster shop --state s3://releases/pintle",
            "with all else as the services of the cluster have it",
        )]),
    Page::new("ecs verify", "Look whether all is there that a release needs")
        .more(
            "Roles and who may assume them, images, secrets and their keys, subnets, security groups and\n\
             target groups, log groups, capacity providers, listeners. Nothing is written; the exit code is 2\n\
             where something is wrong.",
        )
        .takes(&[RELEASE, CHART])
        .with(&[PROJECT, AMAZON, CLUSTER, FORMAT])
        .like("template")
        .runs(|call, terminal| {
            aim(call)?;
            upkeep::verify(&call.flags, &call.arguments, call.environment, terminal)
        })
        .examples(&[("ecs verify shop ./chart -f prod.yaml", "before the first upgrade")]),
    page("ecs logs", "Print what the containers of a release write")
        .with(&[PROJECT, AMAZON, CLUSTER, run::LOGS])
        .runs(|call, terminal| act(call, terminal, run::logs::pintle))
        .examples(&[("ecs logs shop web --follow --tail 100", "of one service")]),
    Page::new("ecs run", "Run a task once, and end as it does")
        .more(
            "The task gets what a service, a job or a task definition of the release runs with. What it\n\
             writes is printed, and the exit code is that of its container.",
        )
        .takes(&[RELEASE, COMMAND])
        .with(&[PROJECT, AMAZON, CLUSTER, RUN])
        .runs(|call, terminal| {
            aim(call)?;
            upkeep::run(&call.flags, &call.arguments, call.environment, terminal)
        })
        .examples(&[("ecs run shop --service web -- rake db:migrate", "with the image of a service")]),
    Page::new("ecs exec", "Run a command in a container that runs")
        .more("It needs Amazon's session-manager-plugin, and tasks with enableExecuteCommand.")
        .takes(&[RELEASE, COMMAND])
        .with(&[PROJECT, AMAZON, CLUSTER, EXEC])
        .runs(|call, terminal| {
            aim(call)?;
            upkeep::exec(&call.flags, &call.arguments, call.environment, terminal)
        })
        .examples(&[("ecs exec shop --service web -- /bin/bash", "a shell")]),
    page("ecs restart", "Start the tasks of services anew")
        .more("No revision is made: the task definitions stay as they are.")
        .with(&[PROJECT, AMAZON, CLUSTER, PATIENCE])
        .runs(|call, terminal| act(call, terminal, upkeep::restart)),
    Page::new("ecs scale", "Change how many tasks of a service there are")
        .more("No revision is made. With --min, --max, --suspend and --resume it is the scaler that changes.")
        .takes(&[RELEASE, SIZED])
        .with(&[PROJECT, AMAZON, CLUSTER, REPLICAS, SIZES, PATIENCE])
        .runs(|call, terminal| act(call, terminal, upkeep::scale))
        .examples(&[("ecs scale shop web=3", "three of them"), ("ecs scale shop web --min 2 --max 8", "a scaler")]),
    page("ecs tasks", "List the tasks of a release, or stop some")
        .more(SUBJECT)
        .with(&[PROJECT, AMAZON, CLUSTER, FORMAT, TASKS])
        .runs(|call, terminal| act(call, terminal, upkeep::tasks)),
    page("ecs revisions", "List the revisions of task definitions and what uses them")
        .more("What a service, a task, a schedule, a rule or a record uses is never deleted.")
        .with(&[PROJECT, AMAZON, CLUSTER, FORMAT, REVISIONS])
        .runs(|call, terminal| act(call, terminal, upkeep::revisions))
        .examples(&[("ecs revisions shop --keeps 5", "delete old ones")]),
    page("ecs wait", "Wait for the deployments of a release")
        .more("It fails where ECS has taken a deployment back, although the service is stable then.")
        .with(&[PROJECT, AMAZON, CLUSTER, TIMEOUT])
        .runs(|call, terminal| act(call, terminal, upkeep::wait)),
    page("ecs approve", "Let deployments go on that pause")
        .more(SUBJECT)
        .runs(|call, terminal| act(call, terminal, upkeep::approve)),
    page("ecs reject", "Take deployments back that pause")
        .more(SUBJECT)
        .runs(|call, terminal| act(call, terminal, upkeep::reject)),
    Page::new("ecs iam-policy", "Print the least that bringing a release has to be allowed")
        .takes(&[RELEASE, CHART])
        .with(&[PROJECT, AMAZON, CLUSTER])
        .like("template")
        .runs(|call, terminal| act(call, terminal, upkeep::policy)),
];
