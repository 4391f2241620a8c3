//! All access to files: every error carries its path, and a file or directory appears whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::base::error::{Code, Error, Place, Result};

/// The whole of a file, or of standard input for `-`.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let fault = |error: &io::Error| unreadable(path, error);
    if path.as_os_str() == "-" {
        let mut content = Vec::new();
        io::stdin().lock().read_to_end(&mut content).map_err(|error| fault(&error))?;
        return Ok(content);
    }
    #[cfg(unix)]
    if let Some(content) = read_on_all_cores(path) {
        return Ok(content);
    }
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads files")]
    fs::read(path).map_err(|error| fault(&error))
}

/// The whole of a large regular file, piece by piece on all cores; [`None`] for any other, and for one that changes
/// meanwhile.
#[cfg(unix)]
fn read_on_all_cores(path: &Path) -> Option<Vec<u8>> {
    use std::os::unix::fs::FileExt;
    const PIECE_BYTES: usize = 4 << 20;
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads files")]
    let file = File::open(path).ok()?;
    let length =
        || file.metadata().ok().filter(fs::Metadata::is_file).and_then(|found| usize::try_from(found.len()).ok());
    let before = length().filter(|&length| length > PIECE_BYTES)?;
    let mut content = vec![0; before];
    let pieces = content.par_chunks_mut(PIECE_BYTES).enumerate();
    pieces.try_for_each(|(number, piece)| file.read_exact_at(piece, (number * PIECE_BYTES) as u64)).ok()?;
    (length() == Some(before)).then_some(content)
}

/// Whether a file can be read and begins with these bytes.
pub fn starts_with(path: &Path, head: &[u8]) -> bool {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads files")]
    let file = File::open(path);
    let mut found = vec![0; head.len()];
    file.is_ok_and(|mut file| file.read_exact(&mut found).is_ok()) && found == head
}

/// How a path is named in messages.
pub fn name_of(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

/// The regular files of a directory, sorted by name; hidden ones are left out.
pub fn list(path: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| unreadable(path, &error))? {
        let entry = entry.map_err(|error| unreadable(path, &error))?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && entry.path().is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// Every file below a directory as a path relative to it, sorted.
pub fn list_tree(root: &Path) -> Result<Vec<PathBuf>> {
    fn walk(root: &Path, at: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
        for entry in fs::read_dir(at).map_err(|error| unreadable(at, &error))? {
            let path = entry.map_err(|error| unreadable(at, &error))?.path();
            if path.is_dir() && !path.is_symlink() {
                walk(root, &path, files)?;
            } else {
                files.push(path.strip_prefix(root).unwrap_or(&path).to_owned());
            }
        }
        Ok(())
    }
    let mut files = Vec::new();
    walk(root, root, &mut files)?;
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    let fault = Error::new(Code::Unreadable, format!("cannot read `{}`: {error}", name_of(path)))
        .at(Place::source(name_of(path)));
    match error.kind() {
        io::ErrorKind::NotFound => fault.help("check the path; `-` reads standard input"),
        io::ErrorKind::IsADirectory => fault.help("name a file in it"),
        _ => fault.help("check that it is a file that you may read"),
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    let help = match error.kind() {
        io::ErrorKind::NotFound => "make the directory first that it is to stand in, or name another place",
        io::ErrorKind::IsADirectory => "name a file",
        io::ErrorKind::PermissionDenied => "name a place that you may write to",
        _ => "free some space or name another place; what was begun has been removed",
    };
    Error::new(Code::Unwritable, format!("cannot write `{}`: {error}", path.display()))
        .at(Place::source(path.display().to_string()))
        .help(help)
}

/// Writes a file whole or not at all, by a staging file beside it; devices and pipes are written into.
pub fn write_file(path: &Path, content: &[u8]) -> Result<()> {
    // A rename would put a file in the place of a device such as `/dev/null`, for the whole machine.
    if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        let write = || fs::OpenOptions::new().write(true).open(path)?.write_all(content);
        return write().map_err(|error| unwritable(path, &error));
    }
    let staging = staging_beside(path);
    let write = || -> io::Result<()> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that writes files")]
        let mut file = File::create(&staging)?;
        file.write_all(content)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&staging, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&staging);
        unwritable(path, &error)
    })
}

fn staging_beside(path: &Path) -> PathBuf {
    let name = path.file_name().map_or_else(|| "out".into(), |name| name.to_string_lossy().into_owned());
    path.with_file_name(format!(".{name}.kshift-{}", std::process::id()))
}

/// Refuses a target that exists already, unless `force` is given and `may_replace` agrees: it is handed every
/// file below the target, as sorted relative paths.
pub fn refuse_existing(target: &Path, force: bool, may_replace: impl FnOnce(&[PathBuf]) -> bool) -> Result<()> {
    if target.symlink_metadata().is_ok() {
        let exists =
            |message: String| Error::new(Code::OutputExists, message).at(Place::source(target.display().to_string()));
        if !force {
            return Err(exists(format!("`{}` exists already", target.display()))
                .help("name another directory, or pass --force to replace an earlier plan"));
        }
        if !target.is_dir() || target.is_symlink() {
            return Err(exists(format!("`{}` is not a directory", target.display()))
                .help("--force replaces a directory that holds a kshift plan and nothing else"));
        }
        if !may_replace(&list_tree(target)?) {
            return Err(exists(format!("`{}` holds other files than a kshift plan", target.display()))
                .help("--force replaces only an empty directory or one that holds a kshift plan and nothing else"));
        }
    }
    Ok(())
}

/// A directory under construction beside its final place. Dropped before [`Staging::publish`], it leaves nothing.
pub struct Staging {
    target: PathBuf,
    staging: PathBuf,
    published: bool,
}

impl Staging {
    /// Begins a directory that is to appear at `target`.
    ///
    /// An existing target is refused. With `force` it is replaced, but only when `may_replace` agrees:
    /// it is handed every file below it, as sorted relative paths.
    pub fn begin(target: &Path, force: bool, may_replace: impl FnOnce(&[PathBuf]) -> bool) -> Result<Self> {
        refuse_existing(target, force, may_replace)?;
        let staging = staging_beside(target);
        let begin = || -> io::Result<()> {
            match fs::remove_dir_all(&staging) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            fs::create_dir(&staging)
        };
        begin().map_err(|error| unwritable(target, &error))?;
        Ok(Staging { target: target.to_owned(), staging, published: false })
    }

    /// Writes the file at the relative path `name`; directories on the way are made.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<()> {
        self.write_pieces(name, |sink| sink(content))
    }

    /// Writes a file that comes piece by piece.
    pub fn write_pieces(
        &self,
        name: &str,
        pieces: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()>,
    ) -> Result<()> {
        let path = self.staging.join(name);
        let fault = |error: io::Error| unwritable(&self.target.join(name), &error);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(fault)?;
        }
        #[expect(clippy::disallowed_methods, reason = "this is the one place that writes files")]
        let mut file = File::create(&path).map_err(fault)?;
        pieces(&mut |piece| file.write_all(piece).map_err(fault))
    }

    /// Moves the finished directory to its place.
    pub fn publish(mut self) -> Result<()> {
        let publish = || -> io::Result<()> {
            if self.target.is_dir() {
                // The old directory steps aside first, so that a failure can put it back.
                let aside = self.target.with_file_name(format!(
                    ".{}.kshift-old-{}",
                    self.target.file_name().unwrap_or_default().to_string_lossy(),
                    std::process::id()
                ));
                fs::rename(&self.target, &aside)?;
                if let Err(error) = fs::rename(&self.staging, &self.target) {
                    fs::rename(&aside, &self.target)?;
                    return Err(error);
                }
                return fs::remove_dir_all(&aside);
            }
            fs::rename(&self.staging, &self.target)
        };
        publish().map_err(|error| unwritable(&self.target, &error))?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_dir_all(&self.staging);
        }
    }
}
