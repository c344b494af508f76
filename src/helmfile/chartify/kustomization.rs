//! Kustomizations as charts: built in the process, with what values say put over them
//! (`KustomizeBuild`, chartify 0.28.2).

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::folder::write;
use super::told;
use crate::diag::{Level, Notice};
use crate::go::path;
use crate::helmfile::data::{Data, Decoder, scalar};
use crate::helmfile::load::State;
use crate::helmfile::values::Given;
use crate::helmfile::{Fleet, file};
use crate::kustomize::{self, Disk, Document, HelmChart, Options, Overlay, Restriction};
use crate::yaml::node::{Kind, Node};

/// What values say of a kustomization.
#[derive(Debug, Default)]
struct Edits {
    images: Vec<Image>,
    prefix: String,
    suffix: String,
    namespace: String,
    /// `sortOptions.order`, where there are any.
    order: Option<String>,
}

/// An image, as values name it.
#[derive(Debug, Default)]
struct Image {
    name: String,
    new_name: String,
    new_tag: String,
    digest: String,
}

const INVALID_IMAGE: &str = "invalid format of image, use one of the following options:
- <image>=<newimage>:<newtag>
- <image>=<newimage>@<digest>
- <image>=<newimage>:<newtag>@<digest>
- <image>=<newimage>
- <image>:<newtag>
- <image>:<newtag>@<digest>
- <image>@<digest>";

/// A text as yaml.v3 reads it into a `string`.
fn text<'n>(decoder: &mut Decoder<'n>, node: &'n Node, into: &mut String) -> Result<(), String> {
    decoder.within(node, |decoder, node| {
        match node.kind {
            Kind::Scalar if scalar(node) == Data::Null => {}
            Kind::Scalar => *into = String::from_utf8_lossy(&node.value).into_owned(),
            _ => decoder.mismatch(node, "string"),
        }
        Ok(())
    })
}

impl Edits {
    /// Adds what a values file says.
    ///
    /// # Errors
    /// Go's words for what is no YAML, or of another type.
    fn read(&mut self, file: &[u8]) -> Result<(), String> {
        let Some(document) = Node::read(file).map_err(|error| error.to_string())? else {
            return Ok(());
        };
        let mut decoder = Decoder::default();
        decoder.within(document.content(), |decoder, node| {
            self.read_root(decoder, node)
        })?;
        match decoder.errors.message() {
            Some(message) => Err(message),
            None => Ok(()),
        }
    }

    fn read_root<'n>(&mut self, decoder: &mut Decoder<'n>, node: &'n Node) -> Result<(), String> {
        if node.kind != Kind::Mapping {
            if scalar(node) != Data::Null {
                decoder.mismatch(node, "chartify.KustomizeOpts");
            }
            return Ok(());
        }
        for (key, value) in node.pairs() {
            match &key.value[..] {
                b"images" => {
                    decoder.within(value, |decoder, node| self.read_images(decoder, node))?
                }
                b"namePrefix" => text(decoder, value, &mut self.prefix)?,
                b"nameSuffix" => text(decoder, value, &mut self.suffix)?,
                b"namespace" => text(decoder, value, &mut self.namespace)?,
                b"sortOptions" => decoder.within(value, |decoder, node| {
                    let order = node.pairs().find(|(key, _)| key.value == b"order");
                    match order {
                        Some((_, order)) if node.kind == Kind::Mapping => {
                            text(decoder, order, self.order.get_or_insert_default())
                        }
                        _ => Ok(()),
                    }
                })?,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_images<'n>(&mut self, decoder: &mut Decoder<'n>, node: &'n Node) -> Result<(), String> {
        if node.kind != Kind::Sequence {
            if node.kind != Kind::Scalar || scalar(node) != Data::Null {
                decoder.mismatch(node, "[]chartify.KustomizeImage");
            }
            return Ok(());
        }
        self.images.clear();
        for item in &node.children {
            let mut image = Image::default();
            decoder.within(item, |decoder, item| {
                if item.kind != Kind::Mapping {
                    decoder.mismatch(item, "chartify.KustomizeImage");
                    return Ok(());
                }
                for (key, value) in item.pairs() {
                    let field = match &key.value[..] {
                        b"name" => &mut image.name,
                        b"newName" => &mut image.new_name,
                        b"newTag" => &mut image.new_tag,
                        b"digest" => &mut image.digest,
                        _ => continue,
                    };
                    text(decoder, value, field)?;
                }
                Ok::<(), String>(())
            })?;
            self.images.push(image);
        }
        Ok(())
    }

    /// A kustomization of the one in the folder `base`, with the edits.
    ///
    /// # Errors
    /// Images that say nothing, orders that there are not.
    fn over(&self, base: &str) -> Result<Json, String> {
        let mut whole = json!({"resources": [base]});
        let mut images = BTreeMap::new();
        for image in &self.images {
            let (name, entry) = image.edit()?;
            images.insert(name, entry);
        }
        if !images.is_empty() {
            whole["images"] = images.into_values().collect();
        }
        for (key, value) in [
            ("namePrefix", &self.prefix),
            ("nameSuffix", &self.suffix),
            ("namespace", &self.namespace),
        ] {
            if !value.is_empty() {
                whole[key] = Json::from(value.as_str());
            }
        }
        match self.order.as_deref() {
            None => {}
            Some("") => return Err("sortOptions.order must not be empty".to_owned()),
            Some(order @ ("legacy" | "fifo")) => {
                whole["sortOptions"] = json!({"order": order});
            }
            Some(other) => {
                return Err(format!(
                    "sortOptions.order {other:?} is not valid; accepted values are: legacy, fifo"
                ));
            }
        }
        Ok(whole)
    }
}

impl Image {
    /// Name and entry of `images`, by way of what `kustomize edit set image` is given for it.
    fn edit(&self) -> Result<(String, Json), String> {
        let mut word = self.name.clone();
        for (mark, part) in [
            ('=', &self.new_name),
            (':', &self.new_tag),
            ('@', &self.digest),
        ] {
            if !part.is_empty() {
                word.push(mark);
                word.push_str(part);
            }
        }
        let (key, value) = match word.split_once('=') {
            Some((key, value)) => (Some(key), value),
            None => (None, word.as_str()),
        };
        let (name, tag, digest) = split_image(value);
        if name == word {
            return Err(INVALID_IMAGE.to_owned());
        }
        let own = key.unwrap_or(name);
        let mut entry = json!({"name": own});
        let new_name = if key.is_some() { name } else { "" };
        for (field, text) in [("newName", new_name), ("newTag", tag), ("digest", digest)] {
            // A star keeps what was set before, which is nothing here.
            if !text.is_empty() && text != "*" {
                entry[field] = Json::from(text);
            }
        }
        Ok((own.to_owned(), entry))
    }
}

/// Name, tag and digest of an image (`image.Split` of kustomize). Ports of registries are no tags.
fn split_image(image: &str) -> (&str, &str, &str) {
    let start = image.find('/').unwrap_or_default();
    let find = |mark: char| image[start..].find(mark).map(|at| start + at);
    match (find(':'), find('@')) {
        (None, None) => (image, "", ""),
        (Some(colon), Some(at)) if colon < at => {
            (&image[..colon], &image[colon + 1..at], &image[at + 1..])
        }
        (_, Some(at)) => (&image[..at], "", &image[at + 1..]),
        (Some(colon), None) => (&image[..colon], &image[colon + 1..], ""),
    }
}

impl Fleet<'_> {
    /// Builds the kustomization in `source` into the templates of the chart in `folder`; `files` and
    /// `given` are values.
    ///
    /// # Errors
    /// Values that cannot be read, what is wrong in the kustomization; by name what is not supported.
    pub(super) fn build_kustomization(
        &self,
        state: &State,
        (source, folder): (&str, &str),
        (files, given): (&[String], &[Given]),
        namespace: &str,
    ) -> Result<(), String> {
        let mut edits = Edits::default();
        for name in files {
            edits.read(&file::read(name)?)?;
        }
        for values in given {
            edits.read(&values.text)?;
        }
        if !namespace.is_empty() {
            namespace.clone_into(&mut edits.namespace);
        }
        let whole = edits.over(&file::absolute(source))?;
        let name = path::join(&[folder, kustomize::NAMES[0]]);
        let reach = self.reach(state);
        let overlay = Overlay {
            files: BTreeMap::from([(name, whole.to_string().into_bytes())]),
            below: &reach,
        };
        let options = Options {
            restriction: Restriction::None,
        };
        let output = "templates/kustomized.yaml";
        let built = self.kustomize(state, (folder, output), &overlay, options)?;
        let text = kustomize::write(&built).map_err(|error| error.to_string())?;
        write(&path::join(&[folder, output]), &text)?;
        if !self.options.own {
            // Helmfile prints what kustomize prints, which has written to a file.
            self.host.print(b"\n");
        }
        Ok(())
    }

    /// Builds the kustomization in `folder`, which would be written to `output`; what it tells goes to
    /// the log.
    ///
    /// # Errors
    /// What is wrong in it. Places in a kustomization that was made here tell users nothing.
    pub(super) fn kustomize(
        &self,
        state: &State,
        (folder, output): (&str, &str),
        files: &dyn kustomize::Files,
        options: Options,
    ) -> Result<Vec<Document>, String> {
        let mut notices: Vec<Notice> = Vec::new();
        let built = kustomize::build(folder, files, &options, &mut notices);
        for notice in notices {
            match notice.level {
                Level::Warn if self.options.own => self.warn(&notice.message),
                _ => self.debug(&notice.message),
            }
        }
        built.map_err(|error| {
            let whole = error.to_string();
            let own = format!("{folder}/{}:", kustomize::NAMES[0]);
            let message = match whole.strip_prefix(&own) {
                Some(rest) => rest.split_once(": ").map_or(rest, |(_, message)| message),
                None => &whole,
            };
            if self.options.own {
                return message.to_owned();
            }
            let record = &state.record;
            let flags = match options.restriction {
                Restriction::Below => {
                    format!("--output {folder}/{output} build --enable-alpha-plugins")
                }
                Restriction::None => format!(
                    "-o {folder}/{output} build --enable-alpha-plugins --load-restrictor=LoadRestrictionsNone --enable-helm --helm-command={}",
                    record.text("helmBinary")
                ),
            };
            let words = format!("{} {flags} {folder}", record.text("kustomizeBinary"));
            told(1, &words, &format!("Error: {message}"))
        })
    }

    /// What kustomizations of a state reach.
    pub(super) fn reach<'r>(&'r self, state: &'r State) -> Reach<'r> {
        Reach { fleet: self, state }
    }
}

/// The files of kustomizations: here, and in repositories and behind addresses as state files are; and
/// the charts that they name, rendered by Helm's command lines.
pub(super) struct Reach<'r> {
    fleet: &'r Fleet<'r>,
    state: &'r State,
}

impl kustomize::Files for Reach<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Disk.read(path)
    }

    fn is_folder(&self, path: &str) -> bool {
        Disk.is_folder(path)
    }

    fn fetch(&self, address: &str) -> Result<String, String> {
        let address = match kustomize::is_file_address(address) {
            true => address.to_owned(),
            false => spelled(&kustomize::repository(address)),
        };
        let found = self.fleet.remote.fetch(&address, "kustomizations")?;
        Ok(file::absolute(&found))
    }

    fn inflate(&self, folder: &str, chart: &Json, globals: &Json) -> Result<Vec<u8>, String> {
        let chart = HelmChart::read(folder, chart, globals)?;
        let mut words = ["template", &chart.release, &chart.place.0]
            .map(str::to_owned)
            .to_vec();
        let mut add = |flag: &str, value: &str| {
            if !value.is_empty() {
                words.extend([flag.to_owned(), value.to_owned()]);
            }
        };
        add("--namespace", &chart.namespace);
        add("--repo", &chart.place.1);
        add("--version", &chart.version);
        add("--kube-version", &chart.kube_version);
        for version in &chart.api_versions {
            add("--api-versions", version);
        }
        for name in &chart.value_files {
            add("--values", name);
        }
        for (flag, is_on) in [
            ("--include-crds", chart.include_crds),
            ("--skip-tests", chart.skip_tests),
            ("--no-hooks", chart.no_hooks),
        ] {
            if is_on {
                words.push(flag.to_owned());
            }
        }
        let inline = Given {
            label: kustomize::INLINE.to_owned(),
            name: kustomize::INLINE.to_owned(),
            text: chart.inline,
        };
        let call = self.fleet.call(self.state, words, vec![inline], &[]);
        let answer = self.fleet.run(&call).map_err(|(_, block)| block)?;
        Ok(answer.stdout)
    }
}

/// A repository as git spells it, in Helmfile's spelling: `git::https://host/repository@folder`.
fn spelled(address: &str) -> String {
    let (place, query) = match address.split_once('?') {
        Some((place, query)) => (place, format!("?{query}")),
        None => (address, String::new()),
    };
    let start = place.find("://").map_or(0, |at| at + 3);
    let (repository, inner) = match place[start..].find("//") {
        Some(at) => (&place[..start + at], &place[start + at + 2..]),
        None => (place, "."),
    };
    format!("{repository}@{inner}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_read_as_kustomize_edit_reads_them() {
        for (image, want) in [
            (["a/b", "", "9", ""], r#"{"name":"a/b","newTag":"9"}"#),
            (
                ["host:5000/a", "b", "1", ""],
                r#"{"name":"host:5000/a","newName":"b","newTag":"1"}"#,
            ),
            (
                ["a", "h:1/b", "2", "sha256:00"],
                r#"{"name":"a","newName":"h:1/b","newTag":"2","digest":"sha256:00"}"#,
            ),
            (
                ["a", "", "", "sha256:00"],
                r#"{"name":"a","digest":"sha256:00"}"#,
            ),
            (["a", "", "*", ""], r#"{"name":"a"}"#),
        ] {
            let [name, new_name, new_tag, digest] = image.map(str::to_owned);
            let image = Image {
                name,
                new_name,
                new_tag,
                digest,
            };
            let (_, entry) = image.edit().expect("an image");
            assert_eq!(entry.to_string(), want, "{image:?}");
        }
        let nothing = Image {
            name: "a".to_owned(),
            ..Image::default()
        };
        assert_eq!(nothing.edit(), Err(INVALID_IMAGE.to_owned()));
    }

    #[test]
    fn later_values_win_field_by_field() {
        let mut edits = Edits::default();
        for text in [
            "namePrefix: a-\nimages: [{name: x, newTag: 1.10}]\nother: {namespace: none}\n",
            "images: [{name: y, newTag: 2}]\nnameSuffix: -b\nnamespace: ~\n",
            "",
        ] {
            edits.read(text.as_bytes()).expect("values");
        }
        assert_eq!(
            edits.over("/k").expect("edits").to_string(),
            r#"{"resources":["/k"],"images":[{"name":"y","newTag":"2"}],"namePrefix":"a-","nameSuffix":"-b"}"#
        );
        let error = edits.read(b"namePrefix: {a: b}\n").expect_err("no text");
        assert_eq!(
            error,
            "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!map into string"
        );
        let mut edits = Edits::default();
        edits
            .read(b"sortOptions: {order: none}\nimages: [{name: x, newTag: 1.10}]\n")
            .expect("values");
        assert!(edits.over("/k").is_err());
        edits.order = Some("fifo".to_owned());
        assert_eq!(
            edits.over("/k").expect("edits").to_string(),
            r#"{"resources":["/k"],"images":[{"name":"x","newTag":"1.10"}],"sortOptions":{"order":"fifo"}}"#
        );
    }

    #[test]
    fn repositories_are_spelled_as_helmfile_does() {
        for (address, want) in [
            (
                "git::https://github.com/a/b//c/d?ref=v1",
                "git::https://github.com/a/b@c/d?ref=v1",
            ),
            ("git::https://x.test/a.git", "git::https://x.test/a.git@."),
        ] {
            assert_eq!(spelled(address), want, "{address}");
        }
    }
}
