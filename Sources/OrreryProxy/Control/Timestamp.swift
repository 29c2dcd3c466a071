/// A moment as people write it in ISO 8601: `2026`, `2026-11`, `2026-11-21`, `2026-11-21T10:09:47.546Z`,
/// `2026-11-21T11:09+01:00`; years beyond four digits with a sign and six, as JavaScript writes them. Without a zone it
/// is UTC.
struct Timestamp {
    /// Since 1970; negative before.
    let milliseconds: Int64

    init?(_ text: String) {
        var rest = Substring(text)
        guard let year = Self.year(&rest) else { return nil }
        var (month, day): (Int64, Int64) = (1, 1)
        if rest.take("-") {
            guard let number = Self.number(&rest, 2), (1...12).contains(number) else { return nil }
            month = number
            if rest.take("-") {
                guard let number = Self.number(&rest, 2), (1...31).contains(number) else { return nil }
                day = number
            }
        }
        var moment = Self.days(year, month, day) * 86_400_000
        if rest.take("T") || rest.take("t") || rest.take(" ") {
            guard let time = Self.time(&rest) else { return nil }
            moment += time
        }
        guard rest.isEmpty else { return nil }
        milliseconds = moment
    }

    private static func year(_ rest: inout Substring) -> Int64? {
        if rest.take("+") { return number(&rest, 6) }
        if rest.take("-") { return number(&rest, 6).flatMap { $0 == 0 ? nil : -$0 } }
        return number(&rest, 4)
    }

    private static func time(_ rest: inout Substring) -> Int64? {
        guard let hour = number(&rest, 2), rest.take(":"), let minute = number(&rest, 2), hour <= 24, minute < 60 else {
            return nil
        }
        var time = (hour * 60 + minute) * 60_000
        if rest.take(":") {
            guard let second = number(&rest, 2), second <= 60 else { return nil }
            time += second * 1000
            if rest.take(".") {
                let digits = rest.prefix { $0.isASCII && $0.isNumber }
                guard !digits.isEmpty, let fraction = Int64((digits + "000").prefix(3)) else { return nil }
                time += fraction
                rest = rest.dropFirst(digits.count)
            }
        }
        if rest.take("Z") || rest.take("z") { return time }
        let isEast = rest.first == "+"
        guard rest.take("+") || rest.take("-") else { return time }
        guard let hours = number(&rest, 2), rest.take(":") || !rest.isEmpty, let minutes = number(&rest, 2) else {
            return nil
        }
        return time + (isEast ? -1 : 1) * (hours * 60 + minutes) * 60_000
    }

    private static func number(_ rest: inout Substring, _ width: Int) -> Int64? {
        let digits = rest.prefix(width)
        guard digits.count == width, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        rest = rest.dropFirst(width)
        return Int64(digits)
    }

    /// Days since 1970: years begin in March here, so that a leap day is the last of its year.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let shiftedMonth = (month + 9) % 12
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
        // Eras of 400 years are all alike, also those before the year 0.
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Substring {
    /// Drops `character` if it is the first one.
    fileprivate mutating func take(_ character: Character) -> Bool {
        guard first == character else { return false }
        removeFirst()
        return true
    }
}
