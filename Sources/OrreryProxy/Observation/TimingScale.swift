/// A scale for durations in nanoseconds from a few to minutes: four steps to each doubling, so that a reading is at most
/// a quarter off, and finding the step costs no comparison.
enum TimingScale {
    static let steps = 160

    /// The step that `nanoseconds` belongs to.
    @inline(__always) static func step(_ nanoseconds: UInt64) -> Int {
        guard nanoseconds >= 4 else { return Int(nanoseconds) }
        let octave = 63 - nanoseconds.leadingZeroBitCount
        let quarter = Int(truncatingIfNeeded: nanoseconds >> UInt64(octave - 2)) & 3
        return min(octave * 4 + quarter - 4, steps - 1)
    }

    /// The first duration beyond the step.
    static func end(ofStep step: Int) -> UInt64 {
        guard step >= 4 else { return UInt64(step) + 1 }
        let octave = UInt64(step / 4 + 1)
        return (UInt64(step % 4) + 5) << (octave - 2)
    }
}
