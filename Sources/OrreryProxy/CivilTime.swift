/// A moment of UTC taken apart, by the rule of the Gregorian calendar alone.
struct CivilTime {
    var year: Int
    var month: Int
    var day: Int
    /// Sunday is 0.
    let weekday: Int
    let hour: Int
    let minute: Int
    let second: Int

    /// `seconds` since 1970.
    init(seconds: UInt64) {
        let days = Int(seconds / 86400)
        let rest = Int(seconds % 86400)
        (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
        weekday = (days + 4) % 7
        // Years begin in March here, so that a leap day is the last of its year; eras of 400 years are all alike.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var parts: (date: (year: Int, month: Int, day: Int), time: (hour: Int, minute: Int, second: Int)) {
        ((year, month, day), (hour, minute, second))
    }
}
