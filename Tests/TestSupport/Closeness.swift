// How far numbers are from a reference.

/// The worst relative difference of two arrays, element by element.
func worstRelative(_ values: [Double], _ reference: [Double]) -> Double {
    guard values.count == reference.count else { return .infinity }
    return zip(values, reference).map { $0 == $1 ? 0 : abs($0 - $1) / abs($1) }.max() ?? 0
}

/// |values - reference| / |reference| in the Euclidean norm; 0 if both vanish.
func normRelative(_ values: [Double], _ reference: [Double]) -> Double {
    guard values.count == reference.count else { return .infinity }
    let difference = zip(values, reference).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let norm = reference.reduce(0) { $0 + $1 * $1 }
    return difference == 0 ? 0 : (difference / norm).squareRoot()
}
