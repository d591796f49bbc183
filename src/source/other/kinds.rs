//! Files of other programs, by their names and top-level keys. Pure.

use super::Keys;

/// Names under which other programs look for their files.
const WELL_KNOWN: &[(&str, &str)] = &[
    ("kustomization.yaml", "a kustomization"),
    ("kustomization.yml", "a kustomization"),
    ("Chart.yaml", "the description of a Helm chart"),
    ("Chart.yml", "the description of a Helm chart"),
    ("values.yaml", "a file of Helm values"),
    ("values.yml", "a file of Helm values"),
    ("mkdocs.yml", "a configuration of MkDocs"),
    ("mkdocs.yaml", "a configuration of MkDocs"),
    ("compose.yaml", "a Compose file"),
    ("compose.yml", "a Compose file"),
    ("docker-compose.yaml", "a Compose file"),
    ("docker-compose.yml", "a Compose file"),
    ("gitlab-ci.yml", "a GitLab CI configuration"),
    ("dependabot.yml", "a configuration of Dependabot"),
    ("dependabot.yaml", "a configuration of Dependabot"),
    ("serverless.yml", "a Serverless Framework service"),
    ("serverless.yaml", "a Serverless Framework service"),
];

/// Does the name alone say what a file is?
pub(super) fn is_well_known(name: &str) -> bool {
    WELL_KNOWN.iter().any(|(known, _)| *known == name)
}

/// What a file is that has no `schedules`; `None`: that is not plain.
pub(super) fn thing(name: &str, text: &str, keys: &Keys) -> Option<&'static str> {
    let any = |all: &[&str]| all.iter().any(|key| keys.has(key));
    let item = |key: &str| keys.of_item.iter().any(|own| own == key);
    let says = |line: &str| text.lines().any(|own| own.trim() == line);
    if keys.all.is_empty() && keys.of_item.is_empty() {
        return None;
    }
    if says("kind: Kustomization") {
        return Some("a kustomization");
    }
    if keys.has_all(&["apiVersion", "kind"]) {
        return Some("a Kubernetes manifest");
    }
    if let Some((_, what)) = WELL_KNOWN.iter().find(|(known, _)| *known == name) {
        return Some(what);
    }
    if keys.has_all(&["apiVersion", "name", "version"]) {
        return Some("the description of a Helm chart");
    }
    if name.starts_with("values-") || name.starts_with("values.") {
        return Some("a file of Helm values");
    }
    if keys.has("site_name") {
        return Some("a configuration of MkDocs");
    }
    if any(&["openapi", "swagger"]) {
        return Some("an OpenAPI description");
    }
    if keys.has("AWSTemplateFormatVersion") || keys.has("Resources") && text.contains("AWS::") {
        let is_sam = text.contains("AWS::Serverless");
        return Some(if is_sam {
            "a SAM template"
        } else {
            "a CloudFormation template"
        });
    }
    if keys.has_all(&["on", "jobs"]) {
        return Some("a GitHub workflow");
    }
    if keys.has("runs") && text.contains("using:") {
        return Some("a GitHub action");
    }
    if keys.has("updates") && text.contains("package-ecosystem") {
        return Some("a configuration of Dependabot");
    }
    if keys.has("repos") && text.contains("hooks:") || item("entry") && item("language") {
        return Some("a configuration of pre-commit");
    }
    if keys.has_all(&["service", "provider"]) {
        return Some("a Serverless Framework service");
    }
    let has_script = || {
        text.lines()
            .any(|line| line.trim_end() == "  script:" || line.starts_with("  script: "))
    };
    if name.contains("gitlab-ci") || any(&["stages", "before_script"]) || has_script() {
        return Some("a GitLab CI configuration");
    }
    if keys.has("services") {
        return Some("a Compose file");
    }
    if item("hosts")
        || keys
            .of_item
            .iter()
            .any(|key| key.ends_with("import_playbook"))
    {
        return Some("an Ansible playbook");
    }
    None
}
