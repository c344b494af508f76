//! Clusters, and tags of everything in them.

use serde_json::{Value, json};

use super::state::{State, ecs_arn, state_of_cluster};
use super::{Answer, Refusal, page, refuse, text, texts};

impl State {
    /// The name of the cluster that an input names.
    pub(super) fn cluster(&self, input: &Value) -> Result<String, Refusal> {
        let given = match text(input, "cluster") {
            "" => "default",
            given => given,
        };
        let name = given.rsplit('/').next().unwrap_or(given);
        match self.clusters.contains_key(name) {
            true => Ok(name.to_owned()),
            false => refuse("ClusterNotFoundException", "Cluster not found."),
        }
    }

    pub(super) fn create_cluster(&mut self, input: &Value) -> Answer {
        let name = match text(input, "clusterName") {
            "" => "default",
            name => name,
        };
        let cluster = self.clusters.entry(name.to_owned());
        let cluster = cluster.or_insert_with(|| state_of_cluster(name)).clone();
        Ok(json!({"cluster": cluster}))
    }

    pub(super) fn describe_clusters(&mut self, input: &Value) -> Answer {
        let mut names = texts(input, "clusters");
        if names.is_empty() {
            names.push("default".to_owned());
        }
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for given in names {
            let name = given.rsplit('/').next().unwrap_or(&given);
            match self.clusters.get(name) {
                Some(cluster) => {
                    let mut cluster = cluster.clone();
                    let of = |service: &&Value| service["clusterArn"] == cluster["clusterArn"];
                    let active = self.services.values().filter(of);
                    let active = active
                        .filter(|service| service["status"] == "ACTIVE")
                        .count();
                    cluster["activeServicesCount"] = json!(active);
                    found.push(cluster);
                }
                None => failures
                    .push(json!({"arn": ecs_arn(&format!("cluster/{name}")), "reason": "MISSING"})),
            }
        }
        Ok(json!({"clusters": found, "failures": failures}))
    }

    pub(super) fn list_clusters(&mut self, input: &Value) -> Answer {
        let arns = self.clusters.values();
        let arns = arns.map(|cluster| cluster["clusterArn"].clone()).collect();
        Ok(page(input, "clusterArns", arns, 100))
    }

    /// Keeps the tags that an input gives a new resource.
    pub(super) fn set_tags(&mut self, arn: &str, tags: &Value) {
        let list = tags.as_array().into_iter().flatten();
        let kept = self.tags.entry(arn.to_owned()).or_default();
        for tag in list {
            // Load balancers write names of members large.
            let (key, value) = match tag.get("Key") {
                Some(_) => (text(tag, "Key"), text(tag, "Value")),
                None => (text(tag, "key"), text(tag, "value")),
            };
            kept.insert(key.to_owned(), value.to_owned());
        }
    }

    /// The tags of a resource, with members of these names.
    pub(super) fn tags_of(&self, arn: &str, [key, value]: [&str; 2]) -> Value {
        let tags = self.tags.get(arn).into_iter().flatten();
        tags.map(|(name, text)| json!({key: name, value: text}))
            .collect()
    }

    pub(super) fn tag(&mut self, input: &Value) -> Answer {
        let arn = text(input, "resourceArn").to_owned();
        self.set_tags(&arn, &input["tags"]);
        Ok(json!({}))
    }

    pub(super) fn untag(&mut self, input: &Value) -> Answer {
        if let Some(tags) = self.tags.get_mut(text(input, "resourceArn")) {
            for key in texts(input, "tagKeys") {
                tags.remove(&key);
            }
        }
        Ok(json!({}))
    }

    pub(super) fn list_tags(&mut self, input: &Value) -> Answer {
        Ok(json!({"tags": self.tags_of(text(input, "resourceArn"), ["key", "value"])}))
    }
}
