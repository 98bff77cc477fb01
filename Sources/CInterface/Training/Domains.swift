// Which values options may have, for bindings that say so before the library is asked.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Learning
import Mathematics
import Spinnprop

extension spinnprop_domain {
    fileprivate init(_ name: String, _ domain: Domain, _ initial: OptionValue) {
        self = .initial
        write(name, to: &self.name)
        (low, high) = (domain.low, domain.high)
        (includes_low, includes_high) = (domain.includesLow ? 1 : 0, domain.includesHigh ? 1 : 0)
        if case .integer = initial { is_whole = 1 }
        self.initial = initial.number ?? 0
    }
}

private func domains(_ of: Int32) throws(SpinnpropError) -> [spinnprop_domain] {
    if of == Int32(SPINNPROP_DOMAINS_TRAINING) {
        let defaults = TrainingOptions()
        return TrainingOptions.fields.compactMap { field in
            field.domain.map { spinnprop_domain(field.name, $0, field.get(defaults)) }
        }
    }
    guard let kind = LossKind(rawValue: of) else {
        throw .invalidValue("of is \(of); it must be SPINNPROP_DOMAINS_TRAINING (-1) or a number of SPINNPROP_LOSS_*")
    }
    return kind.parameters.compactMap { own in own.domain.map { spinnprop_domain(own.name, $0, own.initial) } }
}

@c @implementation
public func spinnprop_domain_count(_ n: UnsafeMutablePointer<Int64>?, _ of: Int32) -> spinnprop_status {
    barrier {
        let destination = try given(n, "n")
        destination.pointee = Int64(try domains(of).count)
    }
}

@c @implementation
public func spinnprop_domain_rows(
    _ rows: UnsafeMutablePointer<spinnprop_domain>?, _ n: Int64, _ of: Int32
) -> spinnprop_status {
    barrier {
        let own = try domains(of)
        try spinnprop_domain.rows(rows, n, needed: own.count, "rows").write(own)
    }
}
