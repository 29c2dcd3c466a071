internal import OrreryWire

/// A channel whose ends are used by two threads; the last one closes it.
final class SharedChannel: Sendable {
    let ends: Channel
    init(_ ends: consuming Channel) { self.ends = ends }
}
