//! The environment of a run, as Helm looks at it (`pkg/cli/environment.go`, `pkg/helmpath`,
//! Helm 4.2.4).

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::kubeconfig;
use super::run::amazon;
use super::run::cluster::Ways;
use super::run::source::BEYOND;
use crate::action::shelf::Shelf;
use crate::backend::Cancel;
use crate::backend::ecs::Config;
use crate::go::flag::{Flag, FlagSet};
use crate::go::path;
use crate::helmfile::secret::Registry;
use crate::plugin::{Getters, Host, Plugin};
use crate::ui::screen::Screen;

/// Variables, and the name under which the program was started.
pub(super) struct Environment {
    program: String,
    lookup: Box<Lookup>,
    all: fn() -> BTreeMap<String, String>,
    /// Plugins that are commands, once they have been looked for.
    pub(super) commands: OnceCell<Vec<Plugin>>,
    /// Plugins that fetch, likewise.
    pub(super) getters: OnceCell<Getters>,
    /// Whether the words are Helm's own, and no others.
    pub(super) is_strict: Cell<bool>,
    /// Whether a post-renderer has been named.
    pub(super) has_post_renderer: Cell<bool>,
    /// What a state's command line brings with it.
    pub(super) errand: Option<Errand>,
    /// What holds for Amazon ECS, once the configuration was read.
    pub(super) ecs: OnceCell<Box<crate::backend::ecs::Config>>,
}

/// One of many command lines that a process runs for a state.
#[derive(Default)]
pub(super) struct Errand {
    /// Values files that are not on disk.
    pub(super) files: BTreeMap<String, Arc<[u8]>>,
    /// Post-renderers may be programs, as Helm 3 takes them.
    pub(super) takes_programs: bool,
    /// Charts that were read for others.
    pub(super) shelf: Option<Arc<Shelf>>,
    /// Ways to clusters that were found before.
    #[cfg_attr(
        not(any(feature = "kube", feature = "ecs")),
        expect(dead_code, reason = "there are no clusters to go to")
    )]
    pub(super) ways: Arc<Ways>,
    /// Calls off what is done to all releases.
    pub(super) cancel: Cancel,
    /// What pintle adds; nothing as Helmfile.
    pub(super) own: Option<Own>,
}

/// What pintle adds to command lines of a state.
#[derive(Clone)]
pub(super) struct Own {
    /// Where releases go: the value of `--target`.
    pub(super) target: String,
    /// What holds there, where it is Amazon ECS and a state says it.
    #[cfg_attr(
        not(feature = "ecs"),
        expect(dead_code, reason = "there is nobody to ask")
    )]
    pub(super) ecs: Option<Arc<Config>>,
    /// Flags for targets on Amazon ECS that were typed.
    pub(super) amazon: Vec<(&'static str, String)>,
    /// Where all releases show what is waited for.
    pub(super) progress: Screen,
    /// What was resolved as a secret.
    pub(super) secrets: Registry,
}

type Lookup = dyn Fn(&str) -> Option<String>;

impl Environment {
    /// The environment of this process, which was started as `program`.
    pub(super) fn of_process(program: String) -> Environment {
        Environment {
            program,
            #[expect(
                clippy::disallowed_methods,
                reason = "cli is where the environment is read"
            )]
            lookup: Box::new(|name| {
                std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
            }),
            all,
            commands: OnceCell::new(),
            getters: OnceCell::new(),
            is_strict: Cell::new(false),
            has_post_renderer: Cell::new(false),
            errand: None,
            ecs: OnceCell::new(),
        }
    }

    /// The same, for a command line of a state's.
    pub(super) fn of_errand(program: String, errand: Errand) -> Environment {
        Environment {
            errand: Some(errand),
            ..Environment::of_process(program)
        }
    }

    /// Adds what pintle has, to flags of a state's command line.
    pub(super) fn add_own(&self, flags: &mut FlagSet) {
        const OWN: &[Flag] = &[
            Flag::bool(BEYOND, "").or("true").hidden(),
            Flag::text("target", "").hidden(),
        ];
        if let Some(own) = self.own() {
            flags.add(OWN);
            flags.set_default("target", own.target.clone());
            flags.add(amazon::FLAGS);
            for (name, value) in &own.amazon {
                flags.set_default(name, value.clone());
            }
        }
    }

    /// What pintle adds to a state's command line.
    pub(super) fn own(&self) -> Option<&Own> {
        self.errand.as_ref()?.own.as_ref()
    }

    /// Values files that are not on disk.
    pub(super) fn given_files(&self) -> BTreeMap<String, Arc<[u8]>> {
        let errand = self.errand.as_ref();
        errand
            .map(|errand| errand.files.clone())
            .unwrap_or_default()
    }

    /// Who runs this, where: `user@host, process 7`.
    pub(super) fn myself(&self) -> String {
        let first = |names: &[&str]| {
            let found = names.iter().map(|name| self.get(name));
            found.into_iter().find(|value| !value.is_empty())
        };
        let user = first(&["USER", "LOGNAME"]).unwrap_or_else(|| "somebody".to_owned());
        let named = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let host = named
            .map(|name| name.trim().to_owned())
            .or_else(|| first(&["HOSTNAME"]))
            .unwrap_or_else(|| "somewhere".to_owned());
        format!("{user}@{host}, process {}", std::process::id())
    }

    /// What plugins run in.
    pub(super) fn host(&self, flags: &FlagSet) -> Host {
        let variables = self.variables(flags).into_iter();
        Host {
            environment: (self.all)(),
            variables: variables
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        }
    }

    /// The last part of the name, without `.exe`.
    pub(super) fn program_name(&self) -> &str {
        let name = self
            .program
            .rsplit(['/', std::path::MAIN_SEPARATOR])
            .next()
            .unwrap_or_default();
        name.strip_suffix(".exe").unwrap_or(name)
    }

    /// All variables.
    pub(super) fn all(&self) -> BTreeMap<String, String> {
        (self.all)()
    }

    /// A variable, empty where it is not set.
    pub(super) fn get(&self, name: &str) -> String {
        (self.lookup)(name).unwrap_or_default()
    }

    /// A variable that is set, be it to nothing.
    pub(super) fn find(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
    }

    fn or(&self, name: &str, default: impl FnOnce() -> String) -> String {
        self.find(name).unwrap_or_else(default)
    }

    /// A number, or the default where it is none.
    fn number_or(&self, name: &str, default: &str, valid: impl Fn(&str) -> bool) -> String {
        match self.find(name) {
            Some(value) if valid(&value) => value,
            _ => default.to_owned(),
        }
    }

    fn home(&self) -> String {
        self.get("HOME")
    }

    /// A path in one of Helm's folders: its own variable, the one of XDG, or below the home folder.
    fn folder(&self, own: &str, xdg: &str, below_home: &str, rest: &str) -> String {
        let own = self.get(own);
        let base = if own.is_empty() {
            let xdg = self.get(xdg);
            if xdg.is_empty() {
                join(&[&self.home(), below_home, "helm"])
            } else {
                join(&[&xdg, "helm"])
            }
        } else {
            own
        };
        join(&[&base, rest])
    }

    pub(super) fn cache_path(&self, rest: &str) -> String {
        self.folder("HELM_CACHE_HOME", "XDG_CACHE_HOME", ".cache", rest)
    }

    pub(super) fn config_path(&self, rest: &str) -> String {
        self.folder("HELM_CONFIG_HOME", "XDG_CONFIG_HOME", ".config", rest)
    }

    pub(super) fn data_path(&self, rest: &str) -> String {
        self.folder("HELM_DATA_HOME", "XDG_DATA_HOME", ".local/share", rest)
    }

    /// Where plugins are.
    pub(super) fn plugins(&self) -> String {
        self.or("HELM_PLUGINS", || self.data_path("plugins"))
    }

    /// Gives Helm's global flags the defaults that the environment sets.
    pub(super) fn set_defaults(&self, flags: &mut FlagSet) {
        for (flag, variable) in [
            ("namespace", "HELM_NAMESPACE"),
            ("kube-context", "HELM_KUBECONTEXT"),
            ("kube-token", "HELM_KUBETOKEN"),
            ("kube-as-user", "HELM_KUBEASUSER"),
            ("kube-apiserver", "HELM_KUBEAPISERVER"),
            ("kube-ca-file", "HELM_KUBECAFILE"),
            ("kube-tls-server-name", "HELM_KUBETLS_SERVER_NAME"),
        ] {
            if let Some(value) = self.find(variable) {
                flags.set_default(flag, value);
            }
        }
        for (flag, variable) in [
            ("debug", "HELM_DEBUG"),
            (
                "kube-insecure-skip-tls-verify",
                "HELM_KUBEINSECURE_SKIP_TLS_VERIFY",
            ),
        ] {
            if is_true(&self.get(variable)) {
                flags.set_default(flag, "true");
            }
        }
        let groups = self.get("HELM_KUBEASGROUPS");
        let groups = groups.trim_matches([',', ' ']);
        if !groups.is_empty() {
            let groups = groups.split(',').map(str::to_owned).collect();
            flags.preset("kube-as-group", groups);
        }
        let number =
            |name: &str, default| self.number_or(name, default, |text| text.parse::<i64>().is_ok());
        flags.set_default("burst-limit", number("HELM_BURST_LIMIT", "100"));
        let qps = self.number_or("HELM_QPS", "0", |text| text.parse::<f32>().is_ok());
        flags.set_default("qps", qps);
        let color = self.color_mode();
        flags.set_default("color", color.clone());
        flags.set_default("colour", color);
        for (flag, variable, default) in [
            (
                "registry-config",
                "HELM_REGISTRY_CONFIG",
                self.config_path("registry/config.json"),
            ),
            (
                "repository-config",
                "HELM_REPOSITORY_CONFIG",
                self.config_path("repositories.yaml"),
            ),
            (
                "repository-cache",
                "HELM_REPOSITORY_CACHE",
                self.cache_path("repository"),
            ),
            (
                "content-cache",
                "HELM_CONTENT_CACHE",
                self.cache_path("content"),
            ),
        ] {
            flags.set_default(flag, self.or(variable, || default));
        }
    }

    /// Gives flags the defaults that `PINTLE_*` variables set, for those that have one.
    pub(super) fn set_pintle_defaults(&self, flags: &mut FlagSet) {
        for (flag, variable) in [
            ("environment", "PINTLE_ENVIRONMENT"),
            ("config", "PINTLE_CONFIG"),
            ("namespace", "PINTLE_NAMESPACE"),
            ("kube-version", "PINTLE_KUBE_VERSION"),
            ("seed", "PINTLE_SEED"),
            ("now", "PINTLE_NOW"),
            ("color", "PINTLE_COLOR"),
            ("debug", "PINTLE_DEBUG"),
            ("offline", "PINTLE_OFFLINE"),
        ] {
            let value = self.get(variable);
            if !value.is_empty() {
                flags.set_default(flag, value);
            }
        }
        let from = self.get("PINTLE_LOOKUP_FROM");
        let from: Vec<String> = from
            .split(',')
            .filter(|p| !p.is_empty())
            .map(str::to_owned)
            .collect();
        if !from.is_empty() {
            flags.preset("lookup-from", from);
        }
    }

    /// Gives the flags of one command their defaults.
    pub(super) fn set_command_defaults(&self, flags: &mut FlagSet) {
        flags.set_default("keyring", self.keyring());
        let is_number = |text: &str| text.parse::<i64>().is_ok();
        let history = self.number_or("HELM_MAX_HISTORY", "10", is_number);
        flags.set_default("history-max", history);
    }

    /// GnuPG's public keys.
    fn keyring(&self) -> String {
        let gnupg = self.get("GNUPGHOME");
        if gnupg.is_empty() {
            join(&[&self.home(), ".gnupg/pubring.gpg"])
        } else {
            join(&[&gnupg, "pubring.gpg"])
        }
    }

    fn color_mode(&self) -> String {
        if !self.get("NO_COLOR").is_empty() {
            return "never".to_owned();
        }
        let mode = self.get("HELM_COLOR").to_lowercase();
        match mode.as_str() {
            "never" | "auto" | "always" => mode,
            _ => "auto".to_owned(),
        }
    }

    /// The namespace that is worked on: flag or variable, kubeconfig, or `default`.
    pub(super) fn namespace(&self, flags: &FlagSet) -> String {
        let given = flags.text("namespace");
        if !given.is_empty() {
            return given.to_owned();
        }
        let files = self.kubeconfig(flags);
        kubeconfig::namespace(&files, flags.text("kube-context"))
            .or_else(|| self.pod_namespace())
            .unwrap_or_else(|| "default".to_owned())
    }

    /// The context that is worked in; nothing where none is named.
    pub(super) fn context(&self, flags: &FlagSet) -> Option<String> {
        match flags.text("kube-context") {
            "" => kubeconfig::current(&self.kubeconfig(flags)),
            given => Some(given.to_owned()),
        }
    }

    /// Where `kubectl` and Helm keep what they know of clusters; empty for nowhere.
    pub(super) fn cluster_cache(&self) -> String {
        match (self.get("KUBECACHEDIR"), self.home()) {
            (folder, _) if !folder.is_empty() => folder,
            (_, home) if home.is_empty() => String::new(),
            (_, home) => join(&[&home, ".kube/cache"]),
        }
    }

    /// Where kubeconfigs are looked for.
    pub(super) fn kubeconfig(&self, flags: &FlagSet) -> kubeconfig::Files {
        let explicit = flags.text("kubeconfig");
        if !explicit.is_empty() {
            kubeconfig::Files::Explicit(PathBuf::from(explicit))
        } else {
            let chain = self.get("KUBECONFIG");
            let paths: Vec<PathBuf> = std::env::split_paths(&chain)
                .filter(|path| !path.as_os_str().is_empty())
                .collect();
            if chain.is_empty() {
                let home = PathBuf::from(self.home());
                kubeconfig::Files::Chain(vec![home.join(".kube/config")])
            } else {
                kubeconfig::Files::Chain(paths)
            }
        }
    }

    /// The namespace of the pod that this runs in.
    fn pod_namespace(&self) -> Option<String> {
        const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
        let inside = !self.get("KUBERNETES_SERVICE_HOST").is_empty()
            && !self.get("KUBERNETES_SERVICE_PORT").is_empty()
            && std::path::Path::new(ACCOUNT).join("token").is_file();
        if !inside {
            return None;
        }
        Some(self.get("POD_NAMESPACE"))
            .filter(|name| !name.is_empty())
            .or_else(|| {
                let text = std::fs::read_to_string(format!("{ACCOUNT}/namespace")).ok()?;
                Some(text.trim().to_owned()).filter(|name| !name.is_empty())
            })
    }

    /// What `helm env` prints.
    pub(super) fn variables(&self, flags: &FlagSet) -> BTreeMap<&'static str, String> {
        let text = |name: &str| flags.text(name).to_owned();
        let history = self.number_or("HELM_MAX_HISTORY", "10", |text| text.parse::<i64>().is_ok());
        let mut variables = BTreeMap::from([
            ("HELM_BIN", self.program.clone()),
            ("HELM_BURST_LIMIT", flags.int("burst-limit").to_string()),
            ("HELM_CACHE_HOME", self.cache_path("")),
            ("HELM_CONFIG_HOME", self.config_path("")),
            ("HELM_CONTENT_CACHE", text("content-cache")),
            ("HELM_DATA_HOME", self.data_path("")),
            ("HELM_DEBUG", flags.is("debug").to_string()),
            ("HELM_KUBEAPISERVER", text("kube-apiserver")),
            ("HELM_KUBEASGROUPS", flags.list("kube-as-group").join(",")),
            ("HELM_KUBEASUSER", text("kube-as-user")),
            ("HELM_KUBECAFILE", text("kube-ca-file")),
            ("HELM_KUBECONTEXT", text("kube-context")),
            (
                "HELM_KUBEINSECURE_SKIP_TLS_VERIFY",
                flags.is("kube-insecure-skip-tls-verify").to_string(),
            ),
            ("HELM_KUBETLS_SERVER_NAME", text("kube-tls-server-name")),
            ("HELM_KUBETOKEN", text("kube-token")),
            (
                "HELM_MAX_HISTORY",
                history
                    .parse::<i64>()
                    .map_or(history, |number| number.to_string()),
            ),
            ("HELM_NAMESPACE", self.namespace(flags)),
            ("HELM_PLUGINS", self.plugins()),
            ("HELM_QPS", format!("{:.2}", flags.float32("qps"))),
            ("HELM_REGISTRY_CONFIG", text("registry-config")),
            ("HELM_REPOSITORY_CACHE", text("repository-cache")),
            ("HELM_REPOSITORY_CONFIG", text("repository-config")),
        ]);
        let kubeconfig = text("kubeconfig");
        if !kubeconfig.is_empty() {
            variables.insert("KUBECONFIG", kubeconfig);
        }
        variables
    }
}

/// All variables of this process.
fn all() -> BTreeMap<String, String> {
    std::env::vars_os()
        .map(|(name, value)| {
            let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
            (text(name), text(value))
        })
        .collect()
}

fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "TRUE" | "true" | "True")
}

/// `filepath.Join`: empty parts are left out, the rest is cleaned.
fn join(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| !part.is_empty())
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    path::clean(&parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let map: BTreeMap<String, String> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Environment {
            program: "/usr/bin/helm".to_owned(),
            lookup: Box::new(move |name| map.get(name).cloned()),
            all: BTreeMap::new,
            commands: OnceCell::new(),
            getters: OnceCell::new(),
            is_strict: Cell::new(false),
            has_post_renderer: Cell::new(false),
            errand: None,
            ecs: OnceCell::new(),
        }
    }

    #[test]
    fn folders_follow_helms_own_variables_then_xdg_then_home() {
        for (variables, want) in [
            (&[("HOME", "/h")][..], "/h/.cache/helm/repository"),
            (
                &[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")],
                "/x/helm/repository",
            ),
            (
                &[
                    ("HOME", "/h"),
                    ("XDG_CACHE_HOME", "/x"),
                    ("HELM_CACHE_HOME", "/c/../d//"),
                ],
                "/d/repository",
            ),
            (
                &[("HELM_CACHE_HOME", ""), ("HOME", "/h")],
                "/h/.cache/helm/repository",
            ),
            (&[], ".cache/helm/repository"),
        ] {
            assert_eq!(environment(variables).cache_path("repository"), want);
        }
    }

    #[test]
    fn the_program_is_known_by_its_last_part() {
        assert_eq!(environment(&[]).program_name(), "helm");
    }
}
