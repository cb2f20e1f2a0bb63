//! Decides whether a call uses the fast path or the fallback.
//!
//! The fast path does natively what the Python methods of `PyJWT`, `PyJWS` and the `Algorithm`
//! classes would do. That is right only as long as those methods, the names in modules that they
//! use and the objects that they read are the original ones. At the end of its import, the package
//! calls [`record_originals`], which records all of them. From then on
//!
//! - the modules, instances and dicts call [`fast_path_changed`] when they change (`_hooks.py`),
//! - a changed class has a new version tag,
//!
//! and after any change, everything is checked again. While anything differs from the original,
//! every call uses the fallback.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use pyo3::PyTypeInfo;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMapping, PyString, PyType};

use super::cpython::{Newest, dict_version, type_version, watch};
use super::once::intern;
use super::{errors, header_cache, json};
use crate::algorithm::{ALGORITHMS, Algorithm, Family};

static FAST_PATH: Newest<FastPath> = Newest::none();

pub(super) struct FastPath {
    watched: Vec<Watched>,
    classes: Vec<WatchedClass>,
    /// The number of changes so far.
    changes: AtomicU64,
    /// The result of the latest survey.
    surveyed: AtomicU64,
    /// The original `Algorithm` objects, by [`Algorithm::index`]; `None` for a name that PyJWT does
    /// not have.
    algorithm_objects: Vec<Option<Py<PyAny>>>,
    /// Objects, and the classes that they must keep.
    instances: [(Py<PyAny>, Py<PyType>); 2],
    /// The default of the option `require`, which any code may append to.
    require: Py<PyList>,
    json: Py<PyDict>,
    json_functions: [JsonFunction; 3],
    /// The version of `json` in which all of its functions were last seen to be the original ones.
    json_version: AtomicU64,
    warnings: Py<PyDict>,
    warn: Py<PyAny>,
    pub(super) fallback: Fallback,
    unset: Py<PyAny>,
    pyjwk: Py<PyType>,
    pub(super) insecure_key_length: Py<PyAny>,
}

/// The methods of the global `PyJWT` and `PyJWS` objects, as they were at import.
pub(super) struct Fallback {
    pub(super) encode: Py<PyAny>,
    pub(super) decode: Py<PyAny>,
    pub(super) decode_complete: Py<PyAny>,
    pub(super) get_unverified_header: Py<PyAny>,
}

impl Fallback {
    fn of(jwt: &Bound<'_, PyAny>, jws: &Bound<'_, PyAny>) -> PyResult<Self> {
        let method = |name| Ok::<_, PyErr>(jwt.getattr(name)?.unbind());
        Ok(Self {
            encode: method("encode")?,
            decode: method("decode")?,
            decode_complete: method("decode_complete")?,
            get_unverified_header: jws.getattr("get_unverified_header")?.unbind(),
        })
    }
}

/// A class, a module, an object or a dict, with the values that its names had at import.
struct Watched {
    owner: String,
    names: Py<PyMapping>,
    original: Py<PyDict>,
    /// Whether a new name can hide an original one. That is so in a class, an object or a dict, but
    /// not in a module, which may add names that it imports lazily.
    additions_count: bool,
}

impl Watched {
    fn new(owner: &Bound<'_, PyAny>, additions_count: bool) -> PyResult<Self> {
        Self::of_names(owner, owner.getattr("__dict__")?, additions_count)
    }

    fn of_dict(dict: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::of_names(dict, dict.clone(), true)
    }

    fn of_names(
        owner: &Bound<'_, PyAny>,
        names: Bound<'_, PyAny>,
        additions_count: bool,
    ) -> PyResult<Self> {
        let names = names.cast_into::<PyMapping>()?;
        let original = PyDict::new(owner.py());
        original.update(&names)?;
        let names = names.unbind();
        let owner = owner.repr()?.to_string();
        Ok(Self { owner, names, original: original.unbind(), additions_count })
    }

    fn is_original(&self, py: Python<'_>) -> bool {
        matches!(self.difference(py), Ok(None))
    }

    /// Returns the first name that does not have its original value.
    fn difference<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let (names, original) = (self.names.bind(py), self.original.bind(py));
        let mut present = 0;
        for (name, value) in original {
            if !names.contains(&name)? {
                if !is_private_to_python(&name) {
                    return Ok(Some(name));
                }
                continue;
            }
            present += 1;
            if !is_private_to_python(&name) && !names.get_item(&name)?.is(&value) {
                return Ok(Some(name));
            }
        }
        if self.additions_count && names.len()? != present {
            for name in names.keys()?.iter() {
                if !is_private_to_python(&name) && !original.contains(&name)? {
                    return Ok(Some(name));
                }
            }
        }
        Ok(None)
    }
}

/// Returns whether CPython itself writes the entry, for example the cached annotations of a class.
fn is_private_to_python(name: &Bound<'_, PyAny>) -> bool {
    name.extract::<&str>().is_ok_and(|name| name.starts_with("__") || name == "_abc_impl")
}

/// A class that is not a base of another watched one.
struct WatchedClass {
    class: Py<PyType>,
    /// Its version tag at the latest survey; [`UNSURVEYED`](Self::UNSURVEYED) before any,
    /// [`UNTAGGED`](Self::UNTAGGED) if CPython did not assign one.
    tag: AtomicU32,
    /// The indices of it and of its bases in [`FastPath::watched`].
    lineage: Vec<usize>,
}

impl WatchedClass {
    const UNSURVEYED: u32 = 0;
    const UNTAGGED: u32 = u32::MAX;

    /// Returns whether the class has the tag that it had at the latest survey.
    #[inline]
    fn has_its_tag(&self, py: Python<'_>) -> bool {
        let tag = self.tag.load(Ordering::Relaxed);
        tag != Self::UNSURVEYED && tag == type_version(self.class.bind(py))
    }

    /// Returns whether the class has no tag, as at the latest survey.
    fn is_still_untagged(&self, py: Python<'_>) -> bool {
        self.tag.load(Ordering::Relaxed) == Self::UNTAGGED && type_version(self.class.bind(py)) == 0
    }

    /// Stores the tag. CPython assigns one when an attribute is looked up in the class (`__doc__`
    /// would be looked up in its metaclass).
    fn survey(&self, py: Python<'_>) {
        let class = self.class.bind(py);
        let _ = class.hasattr(intern!(py, "__init__"));
        let tag = match type_version(class) {
            0 => Self::UNTAGGED,
            tag => tag,
        };
        self.tag.store(tag, Ordering::Relaxed);
    }

    fn is_untagged(&self) -> bool {
        self.tag.load(Ordering::Relaxed) == Self::UNTAGGED
    }
}

impl FastPath {
    fn record(py: Python<'_>) -> PyResult<Self> {
        let [jwt_module, jws_module, jwk_module, algorithms_module, utils_module] =
            ["api_jwt", "api_jws", "api_jwk", "algorithms", "utils"]
                .map(|name| py.import(format!("rapidjwt.{name}")));
        let (jwt_module, jws_module, jwk_module) = (jwt_module?, jws_module?, jwk_module?);
        let (algorithms_module, utils_module) = (algorithms_module?, utils_module?);
        let jwt = jwt_module.getattr("_jwt_global_obj")?;
        let jws = jws_module.getattr("_jws_global_obj")?;
        let algorithms = jws.getattr("_algorithms")?;
        let row_object = |row: &Algorithm| algorithms.get_item(row.name).ok().map(Bound::unbind);
        let algorithm_objects: Vec<_> = ALGORITHMS.iter().map(row_object).collect();
        let pyjwk = jwk_module.getattr("PyJWK")?.cast_into::<PyType>()?;
        let (json, warnings) = (py.import("json")?, py.import("warnings")?);
        watch(&json.dict());

        let mut objects = vec![jwt.clone(), jws.clone()];
        objects.extend(algorithm_objects.iter().flatten().map(|object| object.bind(py).clone()));
        let mut classes = classes_of(&objects)?;
        classes.push(pyjwk.clone());
        for name in ["JSONDecoder", "JSONEncoder"] {
            classes.push(json.getattr(name)?.cast_into::<PyType>()?);
        }
        let mut watched = Vec::new();
        for module in [&jwt_module, &jws_module, &jwk_module, &algorithms_module, &utils_module] {
            watched.push(Watched::new(module, false)?);
        }
        for dict in [&algorithms, &jwt.getattr("options")?, &jws.getattr("options")?] {
            watched.push(Watched::of_dict(dict)?);
        }
        for object in &objects {
            watched.push(Watched::new(object, true)?);
        }
        let leaves = without_bases(&classes, watched.len())?;
        for class in &classes {
            watched.push(Watched::new(class, true)?);
        }
        Ok(Self {
            watched,
            classes: leaves,
            changes: AtomicU64::new(1),
            surveyed: AtomicU64::new(0),
            algorithm_objects,
            instances: [&jwt, &jws]
                .map(|object| (object.clone().unbind(), object.get_type().unbind())),
            require: jwt.getattr("options")?.get_item("require")?.cast_into::<PyList>()?.unbind(),
            json_functions: json_functions(&json)?,
            json_version: AtomicU64::new(0),
            json: json.dict().unbind(),
            warn: warnings.getattr("warn")?.unbind(),
            warnings: warnings.dict().unbind(),
            fallback: Fallback::of(&jwt, &jws)?,
            unset: jws_module.getattr("_ALGORITHM_UNSET")?.unbind(),
            pyjwk: pyjwk.unbind(),
            insecure_key_length: py
                .import("rapidjwt.warnings")?
                .getattr("InsecureKeyLengthWarning")?
                .unbind(),
        })
    }

    /// Returns the originals that were recorded at import.
    pub(super) fn get(py: Python<'_>) -> PyResult<&'static Self> {
        if let Some(fast_path) = FAST_PATH.get() {
            return Ok(fast_path);
        }
        // The native module was imported on its own: importing the package records the originals.
        py.import("rapidjwt")?;
        let fast_path = Self::record(py)?;
        Ok(FAST_PATH.replace(fast_path))
    }

    /// Returns whether every method and object is the original one.
    fn is_clear(&self, py: Python<'_>) -> bool {
        if self.classes.iter().all(|class| class.has_its_tag(py)) {
            self.is_surveyed_clear(py)
        } else {
            self.is_clear_but_for_tags(py)
        }
    }

    /// As [`is_clear`](Self::is_clear), if a class has not the tag that it had. Classes without a tag
    /// are compared name by name, each time.
    #[cold]
    fn is_clear_but_for_tags(&self, py: Python<'_>) -> bool {
        let is_unchanged =
            |class: &WatchedClass| class.has_its_tag(py) || class.is_still_untagged(py);
        if !self.classes.iter().all(is_unchanged) {
            self.change();
        }
        let mut untagged = self.classes.iter().filter(|class| class.is_untagged());
        self.is_surveyed_clear(py)
            && untagged
                .all(|class| class.lineage.iter().all(|&index| self.watched[index].is_original(py)))
    }

    /// Returns what the latest survey has found, or a new one if something has changed since.
    fn is_surveyed_clear(&self, py: Python<'_>) -> bool {
        let changes = self.changes.load(Ordering::Acquire);
        match self.surveyed.load(Ordering::Acquire) {
            surveyed if surveyed == finding(changes, true) => true,
            surveyed if surveyed == finding(changes, false) => false,
            _ => self.survey(py, changes),
        }
    }

    /// Invalidates the result of every survey so far, and of one that another thread has not
    /// finished.
    fn change(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// Checks whether everything is the original one after this number of `changes`, except classes
    /// without a tag and their bases.
    fn survey(&self, py: Python<'_>, changes: u64) -> bool {
        self.classes.iter().for_each(|class| class.survey(py));
        let is_untagged = |index| {
            let mut untagged = self.classes.iter().filter(|class| class.is_untagged());
            untagged.any(|class| class.lineage.contains(&index))
        };
        let mut watched = self.watched.iter().enumerate();
        let has_its_class =
            |(object, class): &(Py<PyAny>, Py<PyType>)| object.bind(py).get_type().is(class);
        let is_clear = watched
            .all(|(index, watched)| is_untagged(index) || watched.is_original(py))
            && self.instances.iter().all(has_its_class);
        self.surveyed.store(finding(changes, is_clear), Ordering::Release);
        if let Some(version) = dict_version(self.json.bind(py))
            && self.are_in_json(py, &self.json_functions)
        {
            self.json_version.store(version, Ordering::Relaxed);
        }
        is_clear
    }

    /// Returns whether calls that decode can use the fast path.
    pub(super) fn is_clear_for_decode(&self, py: Python<'_>) -> bool {
        self.is_clear(py)
            && self.require.bind(py).is_empty()
            && self.has_json_functions(py, &self.json_functions[..1])
    }

    /// Returns whether calls that encode can use the fast path.
    pub(super) fn is_clear_for_encode(&self, py: Python<'_>) -> bool {
        self.is_clear(py) && self.has_json_functions(py, &self.json_functions)
    }

    /// Returns whether these functions of the module json, which reports no changes, are the
    /// original ones.
    fn has_json_functions(&self, py: Python<'_>, functions: &[JsonFunction]) -> bool {
        let seen = self.json_version.load(Ordering::Relaxed);
        dict_version(self.json.bind(py)) == Some(seen) || self.are_in_json(py, functions)
    }

    fn are_in_json(&self, py: Python<'_>, functions: &[JsonFunction]) -> bool {
        let json = self.json.bind(py);
        functions.iter().all(|(name, original)| holds(json, name.bind(py), original))
    }

    /// Returns whether `warnings.warn` is the original function.
    pub(super) fn warns_originally(&self, py: Python<'_>) -> bool {
        holds(self.warnings.bind(py), intern!(py, "warn"), &self.warn)
    }

    /// Returns the original `Algorithm` object; `None` for `none` and for a name that PyJWT does
    /// not have.
    pub(super) fn algorithm_object<'py>(
        &self,
        py: Python<'py>,
        algorithm: &'static Algorithm,
    ) -> Option<&Bound<'py, PyAny>> {
        Some(self.algorithm_objects.get(algorithm.index()?)?.as_ref()?.bind(py))
    }

    /// Returns the `Algorithm` object that reads keys for `algorithm`: its own, or that of EdDSA
    /// for the names of RFC 9864.
    pub(super) fn key_reader<'py>(
        &self,
        py: Python<'py>,
        algorithm: &'static Algorithm,
    ) -> Option<&Bound<'py, PyAny>> {
        let reader = match algorithm.family {
            Family::Eddsa(_) => ALGORITHMS.iter().find(|row| row.family == Family::Eddsa(None))?,
            _ => algorithm,
        };
        self.algorithm_object(py, reader)
    }

    /// Returns whether `argument` was left out in a call of `encode`.
    pub(super) fn is_unset(&self, argument: &Bound<'_, PyAny>) -> bool {
        argument.is(&self.unset)
    }

    pub(super) fn is_pyjwk(&self, key: &Bound<'_, PyAny>) -> bool {
        key.get_type().is(&self.pyjwk)
    }
}

/// Combines the result of a survey with the number of changes before it began.
const fn finding(changes: u64, is_clear: bool) -> u64 {
    changes << 1 | is_clear as u64
}

/// Returns the classes of these objects and their bases, except `object`.
fn classes_of<'py>(objects: &[Bound<'py, PyAny>]) -> PyResult<Vec<Bound<'py, PyType>>> {
    let mut classes: Vec<Bound<'py, PyType>> = Vec::new();
    for object in objects {
        for class in object.get_type().mro().iter() {
            let class = class.cast_into::<PyType>()?;
            let is_object = class.is(PyAny::type_object(object.py()));
            if !is_object && !classes.iter().any(|seen| seen.is(&class)) {
                classes.push(class);
            }
        }
    }
    Ok(classes)
}

/// Returns the classes that are not a base of another: a change of a base also gives these a new
/// version tag. `first` is the index of the first class in [`FastPath::watched`].
fn without_bases(classes: &[Bound<'_, PyType>], first: usize) -> PyResult<Vec<WatchedClass>> {
    let mut leaves = Vec::new();
    for class in classes {
        let (mut is_base, mut lineage) = (false, Vec::new());
        for (index, other) in classes.iter().enumerate() {
            is_base |= !other.is(class) && other.is_subclass(class)?;
            if class.is_subclass(other)? {
                lineage.push(first + index);
            }
        }
        if !is_base {
            let tag = AtomicU32::new(WatchedClass::UNSURVEYED);
            leaves.push(WatchedClass { class: class.clone().unbind(), tag, lineage });
        }
    }
    Ok(leaves)
}

/// A name in the module json and its value at import.
type JsonFunction = (Py<PyString>, Py<PyAny>);

/// Returns what the fallback uses of the module json; `loads`, the only one that decoding needs, is
/// the first.
fn json_functions(json: &Bound<'_, PyModule>) -> PyResult<[JsonFunction; 3]> {
    let py = json.py();
    let function = |name| Ok::<_, PyErr>(json.getattr(name)?.unbind());
    let (loads, dumps) = (function("loads")?, function("dumps")?);
    let encoder = function("JSONEncoder")?;
    Ok([("loads", loads), ("dumps", dumps), ("JSONEncoder", encoder)]
        .map(|(name, object)| (PyString::intern(py, name).unbind(), object)))
}

/// Returns whether `dict[name]` is `original`.
fn holds(dict: &Bound<'_, PyDict>, name: &Bound<'_, PyString>, original: &Py<PyAny>) -> bool {
    dict.get_item(name).is_ok_and(|found| found.is_some_and(|found| found.is(original)))
}

/// Records the content of the package's modules, classes and objects. It is called once, at the end
/// of `rapidjwt/__init__.py`.
#[pyfunction]
pub(super) fn record_originals(py: Python<'_>) -> PyResult<()> {
    let fast_path = FastPath::record(py)?;
    errors::import_classes(py)?;
    FAST_PATH.replace(fast_path);
    header_cache::prepare_thread();
    json::name_cache::prepare_thread();
    Ok(())
}

/// Reports that an attribute of a watched module or object was set or deleted.
#[pyfunction]
pub(super) fn fast_path_changed() {
    if let Some(fast_path) = FAST_PATH.get() {
        fast_path.change();
    }
}

/// Reports that a watched object has a new attribute: this replaces nothing, but may restore an
/// attribute that was deleted.
#[pyfunction]
pub(super) fn fast_path_extended() {
    if let Some(fast_path) = FAST_PATH.get()
        && fast_path.surveyed.load(Ordering::Acquire)
            != finding(fast_path.changes.load(Ordering::Acquire), true)
    {
        fast_path.change();
    }
}

/// Returns what keeps calls off the fast path: `(owner, name)` of an attribute that is not the
/// original one, for each owner that has one. The list is empty if calls can use the fast path. It
/// helps to find out why calls are slow.
#[pyfunction]
pub(super) fn fast_path_obstacles(py: Python<'_>) -> PyResult<Vec<(String, Py<PyAny>)>> {
    let fast_path = FastPath::get(py)?;
    let mut obstacles = Vec::new();
    for watched in &fast_path.watched {
        if let Some(name) = watched.difference(py)? {
            obstacles.push((watched.owner.clone(), name.unbind()));
        }
    }
    let json = fast_path.json.bind(py);
    for (name, original) in &fast_path.json_functions {
        if !holds(json, name.bind(py), original) {
            let owner = py.import("json")?.repr()?.to_string();
            obstacles.push((owner, name.clone_ref(py).into_any()));
        }
    }
    Ok(obstacles)
}
