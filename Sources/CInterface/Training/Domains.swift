// Which values options may have, for bindings that say so before the library is asked.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import BrainScaleS2
import CSpinnprop
import FirstSpike
import Learning
import LocalLearning
import Mathematics
import Networks
import SpiNNaker2Programs
import Spinnprop

extension spinnprop_domain {
    fileprivate init(_ name: String, _ domain: Domain, isWhole: Bool, isOptional: Bool = false, _ initial: OptionValue)
    {
        self = .initial
        write(name, to: &self.name)
        write(domain.text, to: &text)
        (low, high) = (domain.low, domain.high)
        (includes_low, includes_high) = (domain.includesLow ? 1 : 0, domain.includesHigh ? 1 : 0)
        (is_whole, is_optional) = (isWhole ? 1 : 0, isOptional ? 1 : 0)
        self.initial = initial.number ?? 0
    }

    /// Of all numbers of a table that have a domain.
    fileprivate static func rows<Options>(_ fields: [OptionField<Options>], _ defaults: Options) -> [spinnprop_domain] {
        fields.compactMap { field in
            field.domain.map {
                spinnprop_domain(
                    field.name, $0, isWhole: field.isWhole, isOptional: field.isOptional, field.get(defaults))
            }
        }
    }

    fileprivate static func rows(_ of: Int32) throws(SpinnpropError) -> [spinnprop_domain] {
        switch Int(of) {
        case SPINNPROP_DOMAINS_TRAINING: return rows(TrainingOptions.fields, TrainingOptions())
        case SPINNPROP_DOMAINS_FORWARD: return rows(ForwardOptions.fields, ForwardOptions())
        case SPINNPROP_DOMAINS_GRADIENT: return rows(RateRegularisation.fields, RateRegularisation())
        case SPINNPROP_DOMAINS_CLOCK: return rows(TimeGrid.fields, TimeGrid())
        case SPINNPROP_DOMAINS_SPINNAKER2: return rows(SpiNNaker2Options.fields, SpiNNaker2Options())
        case SPINNPROP_DOMAINS_FIRST_SPIKE: return rows(FirstSpikeOptions.fields, FirstSpikeOptions())
        case SPINNPROP_DOMAINS_BIOGRAD: return rows(LocalOptions.fields, LocalOptions())
        case SPINNPROP_DOMAINS_BRAINSCALES2_CHIP: return rows(BrainScaleS2ChipOptions.fields, BrainScaleS2ChipOptions())
        case SPINNPROP_DOMAINS_BRAINSCALES2: return rows(BrainScaleS2Options.fields, BrainScaleS2Options())
        case SPINNPROP_DOMAINS_BRAINSCALES2_CALIBRATION:
            return rows(BrainScaleS2Calibration.fields, BrainScaleS2Calibration())
        case SPINNPROP_DOMAINS_BRAINSCALES2_PROGRAM: return rows(ProgramParameters.fields, ProgramParameters())
        case SPINNPROP_DOMAINS_NETWORK:
            return NetworkOptions.elements.map { element in
                spinnprop_domain(
                    element.name, element.domain, isWhole: false, isOptional: element.initial == .open, element.initial)
            }
        default:
            guard let kind = LossKind(rawValue: of) else {
                throw .invalidValue(
                    "of is \(of); it must be one of SPINNPROP_DOMAINS_* (\(SPINNPROP_DOMAINS_BRAINSCALES2_PROGRAM) .. -1) or SPINNPROP_LOSS_*"
                )
            }
            return kind.parameters.compactMap { own in
                own.domain.map { spinnprop_domain(own.name, $0, isWhole: false, own.initial) }
            }
        }
    }
}

@c @implementation
public func spinnprop_domain_count(_ n: UnsafeMutablePointer<Int64>?, _ of: Int32) -> spinnprop_status {
    answer(n, "n") { try spinnprop_domain.rows(of).count }
}

@c @implementation
public func spinnprop_domain_rows(
    _ rows: UnsafeMutablePointer<spinnprop_domain>?, _ n: Int64, _ of: Int32
) -> spinnprop_status {
    barrier {
        let own = try spinnprop_domain.rows(of)
        try spinnprop_domain.rows(rows, n, needed: own.count, "rows").write(own)
    }
}
