//! JSON documents by name, in memory or as files: what is kept until it has been delivered, read or replayed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use uuid::Uuid;

use crate::Error;

/// A collection of documents, in the order of their names. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct Documents(Arc<Place>);

#[derive(Debug)]
enum Place {
    Memory(Mutex<BTreeMap<String, Value>>),
    Folder(PathBuf),
}

impl Documents {
    /// A collection that ends with its process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(Arc::new(Place::Memory(Mutex::default())))
    }

    /// The files below `folder`, which need not exist yet.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self(Arc::new(Place::Folder(folder)))
    }

    /// Keeps a document under a name, which may have one folder: `record-audit/1`. Once this returns, it
    /// outlives the process; until then, what stood under the name does.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn put(&self, name: &str, document: &Value) -> Result<(), Error> {
        match &*self.0 {
            Place::Memory(documents) => {
                lock(documents).insert(name.to_owned(), document.clone());
                Ok(())
            }
            Place::Folder(folder) => {
                let path = path(folder, name)?;
                write(&path, document)
                    .map_err(|error| format!("{}: {error}", path.display()).into())
            }
        }
    }

    /// The document of a name.
    ///
    /// # Errors
    /// When the file cannot be read or is not JSON.
    pub fn get(&self, name: &str) -> Result<Option<Value>, Error> {
        match &*self.0 {
            Place::Memory(documents) => Ok(lock(documents).get(name).cloned()),
            Place::Folder(folder) => {
                let path = path(folder, name)?;
                match fs::read(&path) {
                    Ok(text) => serde_json::from_slice(&text)
                        .map(Some)
                        .map_err(|error| format!("{}: {error}", path.display()).into()),
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(format!("{}: {error}", path.display()).into()),
                }
            }
        }
    }

    /// Forgets a document; that there is none is no error.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        match &*self.0 {
            Place::Memory(documents) => {
                lock(documents).remove(name);
                Ok(())
            }
            Place::Folder(folder) => {
                let path = path(folder, name)?;
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        Err(format!("{}: {error}", path.display()).into())
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    /// Every name, in order.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, Error> {
        match &*self.0 {
            Place::Memory(documents) => Ok(lock(documents).keys().cloned().collect()),
            Place::Folder(folder) => {
                let mut names = Vec::new();
                collect_names(folder, "", &mut names)?;
                names.sort_unstable();
                Ok(names)
            }
        }
    }

    /// Every document with its name, in the order of the names.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn all(&self) -> Result<Vec<(String, Value)>, Error> {
        let mut all = Vec::new();
        for name in self.names()? {
            // One that went away meanwhile is not missed.
            if let Some(document) = self.get(&name)? {
                all.push((name, document));
            }
        }
        Ok(all)
    }
}

/// A name that sorts behind every earlier one of this process, and by time among those of others.
#[must_use]
pub fn next_name() -> String {
    Uuid::now_v7().hyphenated().to_string()
}

/// Names reach this from URLs: nothing outside the folder has one.
fn path(folder: &Path, name: &str) -> Result<PathBuf, Error> {
    let allowed = |part: &str| {
        let mut characters = part.chars();
        !part.is_empty() && characters.all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    if name.split('/').count() > 2 || !name.split('/').all(allowed) {
        return Err(format!("{name} is no name of a document").into());
    }
    Ok(folder.join(format!("{name}.json")))
}

fn write(path: &Path, document: &Value) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let temporary = folder.join(format!(".{}.tmp", Uuid::new_v4().simple()));
    // Letters and events tell of people: they are nobody else's to read.
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(document.to_string().as_bytes())?;
    fs::rename(&temporary, path)
}

fn collect_names(folder: &Path, prefix: &str, names: &mut Vec<String>) -> Result<(), Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("{}: {error}", folder.display()).into()),
    };
    for entry in entries.flatten() {
        let file_name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if prefix.is_empty() && path.is_dir() {
            collect_names(&path, &format!("{file_name}/"), names)?;
        } else if let Some(name) = file_name.strip_suffix(".json") {
            names.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn folder() -> PathBuf {
        std::env::temp_dir().join(format!("latchkey-{}", Uuid::new_v4().simple()))
    }

    #[test]
    fn memory_and_files_keep_the_same() {
        let folder = folder();
        for documents in [Documents::in_memory(), Documents::in_folder(folder.clone())] {
            assert_eq!(documents.names().unwrap(), Vec::<String>::new());
            assert_eq!(documents.get("a").unwrap(), None);
            documents.put("b", &json!(1)).unwrap();
            documents.put("a/c", &json!(2)).unwrap();
            documents.put("b", &json!(3)).unwrap();
            let expected = [("a/c".to_owned(), json!(2)), ("b".to_owned(), json!(3))];
            assert_eq!(documents.all().unwrap(), expected);
            documents.remove("b").unwrap();
            documents.remove("b").unwrap();
            assert_eq!(documents.names().unwrap(), ["a/c"]);
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_name_reaches_nothing_outside_its_folder() {
        let documents = Documents::in_folder(folder());
        for name in ["", "..", "../a", "a/../b", "a/b/c", "/etc/passwd", "a.b"] {
            assert!(documents.get(name).is_err(), "{name}");
            assert!(documents.put(name, &json!(1)).is_err(), "{name}");
        }
    }

    #[test]
    fn what_a_killed_write_left_behind_is_no_document() {
        let folder = folder();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(".0123.tmp"), "{\"half").unwrap();
        assert!(
            Documents::in_folder(folder.clone())
                .all()
                .unwrap()
                .is_empty()
        );
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn names_sort_in_the_order_they_were_made() {
        let names: Vec<String> = (0..1000).map(|_| next_name()).collect();
        assert!(names.is_sorted());
    }
}
