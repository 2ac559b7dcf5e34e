//! Compiles the contracts: messages, services, event metadata and the descriptor set.
//!
//! protox is a .proto compiler in Rust, so a build needs no protoc.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost_reflect::{DescriptorPool, MessageDescriptor, Value};
use protox::file::{ChainFileResolver, GoogleFileResolver, IncludeFileResolver};

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo:rerun-if-changed=fitness");
    println!("cargo:rerun-if-changed=google");
    println!("cargo:rerun-if-changed=buf");

    let set = compile(&root)?;
    // Encoded by protox itself: prost would drop the options it does not know, and with them every annotation.
    fs::write(out_dir.join("descriptor_set.bin"), &set)?;

    let mut config = prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure()
        .include_file("contracts.rs")
        .compile_fds_with_config(prost::Message::decode(set.as_slice())?, config)?;
    fs::write(out_dir.join("events.rs"), event_impls(&set)?)?;
    Ok(())
}

/// Compiles every .proto file below `fitness/` and answers the encoded descriptor set, comments included.
fn compile(root: &Path) -> Result<Vec<u8>, Error> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(IncludeFileResolver::new(root.into()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    for file in proto_files(root, &root.join("fitness"))? {
        compiler.open_file(file)?;
    }
    Ok(compiler.encode_file_descriptor_set())
}

fn proto_files(root: &Path, dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(proto_files(root, &path)?);
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path.strip_prefix(root)?.to_owned());
        }
    }
    files.sort();
    Ok(files)
}

/// Writes `impl event::Event` for each message that names a topic.
fn event_impls(set: &[u8]) -> Result<String, Error> {
    let pool = DescriptorPool::decode(set)?;
    let topic = pool.get_extension_by_name("fitness.options.v1.topic").ok_or("no topic option")?;
    let key = pool.get_extension_by_name("fitness.options.v1.event_key").ok_or("no event_key option")?;
    let mut code = String::new();
    for message in pool.all_messages() {
        let options = message.options();
        if !options.has_extension(&topic) {
            continue;
        }
        let Value::String(topic) = options.get_extension(&topic).into_owned() else {
            return Err("the topic option is no string".into());
        };
        let keys: Vec<_> = message.fields().filter(|field| field.options().has_extension(&key)).collect();
        let [key] = keys.as_slice() else {
            return Err(format!("{} needs exactly one field with event_key", message.full_name()).into());
        };
        writeln!(
            code,
            "impl ::event::Event for {path} {{\n    const TOPIC: &'static str = {topic:?};\n    \
             fn key(&self) -> &str {{\n        &self.{key}\n    }}\n}}",
            path = rust_path(&message),
            key = key.name(),
        )?;
    }
    Ok(code)
}

fn rust_path(message: &MessageDescriptor) -> String {
    format!("crate::{}::{}", message.package_name().replace('.', "::"), message.name())
}
