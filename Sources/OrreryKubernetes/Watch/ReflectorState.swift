/// What a reflector knows between two lines.
struct ReflectorState<Object: KubernetesObject> {
    var version: String?
    /// Nothing has come in the present watch, not even a bookmark.
    var isSilent = true
    private var objects: [String: Object] = [:]
    /// Uids of objects that are there and beyond us.
    private var unreadable: Set<String> = []
    private var isSeen: Bool?
    /// The status of the refusal, 0 when there was no answer; nil while all is well.
    private var trouble: Int?

    mutating func put(_ object: Object, keeping: Bool) {
        version = object.metadata.resourceVersion ?? version
        if keeping, let uid = object.metadata.uid { objects[uid] = object }
    }

    mutating func remove(_ object: Object) {
        version = object.metadata.resourceVersion ?? version
        if let uid = object.metadata.uid { objects[uid] = nil }
    }

    /// Takes a complete list and gives what was known and is not in it.
    mutating func replace(by list: ObjectList<Object>, at version: String, keeping: Bool) -> [Object] {
        self.version = version
        unreadable = Set(list.unreadable.compactMap(\.uid))
        guard keeping else { return [] }
        let before = objects
        objects = Dictionary(list.items.compactMap { item in item.metadata.uid.map { ($0, item) } }) { _, last in last }
        return before.filter { objects[$0.key] == nil && !unreadable.contains($0.key) }.map(\.value)
    }

    /// Whether an object that cannot be understood was not known to be such; goes on after it when it was.
    mutating func isNews(unreadable object: ObjectMeta?) -> Bool {
        guard let object, let uid = object.uid, unreadable.contains(uid) else { return true }
        version = object.resourceVersion ?? version
        return false
    }

    mutating func becomesSeen() -> Bool {
        defer { (isSeen, trouble) = (true, nil) }
        return isSeen != true
    }

    /// True when this is news: seen until now, or another trouble than before.
    mutating func becomesUnseen(_ error: KubernetesError) -> Bool {
        let trouble = error.refusal.map { $0.code } ?? 0
        defer { (isSeen, self.trouble) = (false, trouble) }
        return isSeen != false || trouble != self.trouble
    }
}
