/// The one of `known` that somebody who wrote `word` most likely meant: the smallest edit distance, at most a third of
/// the longer word rounded up. Nil when nothing is that near. Ties go to the earlier one in alphabetical order.
package func nearestName(to word: String, among known: some Sequence<String>) -> String? {
    known.sorted()
        .map { (name: $0, distance: editDistance(Array($0), Array(word))) }
        .filter { $0.distance <= (max($0.name.count, word.count) + 2) / 3 }
        .min { $0.distance < $1.distance }?
        .name
}

/// Levenshtein's distance with neighbouring letters swapped counting once (optimal string alignment).
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in 0..<left.count {
        var row = [i + 1]
        for j in 0..<right.count {
            var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (left[i] == right[j] ? 0 : 1))
            if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                best = min(best, beforeLast[j - 1] + 1)
            }
            row.append(best)
        }
        (beforeLast, last) = (last, row)
    }
    return last[right.count]
}
