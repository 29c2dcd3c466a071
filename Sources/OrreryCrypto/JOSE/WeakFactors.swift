/// Whether an RSA modulus has the fingerprint of a chip that made its primes as powers of 65537 (Nemec et al. 2017,
/// CVE-2017-15361): then the modulus is a power of 65537 modulo every small prime. A sound key passes all these primes
/// with a probability below 2⁻²⁷.
func hasWeakFactors(_ modulus: [UInt8]) -> Bool {
    let number = BigNumber(modulus)
    return smallPrimes.allSatisfy { prime in powers(of: 65537, modulo: prime).contains(number.remainder(by: prime)) }
}

/// Those where the powers of 65537 are not simply all remainders.
private let smallPrimes = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157]

private func powers(of base: Int, modulo prime: Int) -> Set<Int> {
    var (powers, power) = (Set<Int>(), 1)
    while powers.insert(power).inserted { power = power * (base % prime) % prime }
    return powers
}
