/// What a reflector tells, in the order in which it became true.
package enum Reflection<Object: KubernetesObject>: Sendable {
    /// Everything there is, in one consistent picture. Only from this may the absence of an object be concluded. What is
    /// `unreadable` is there too, though nothing else is known of it.
    case complete([Object], unreadable: [ObjectMeta])
    case changed(Object)
    /// The object is gone; this was its last state.
    case deleted(Object)
    /// The cluster is seen again, after `unseen`, or for the first time.
    case seen
    /// The cluster cannot be seen since now. Nothing may be concluded about any object until `seen`.
    case unseen(KubernetesError)
}
