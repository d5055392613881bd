/// What users may choose about the models of the catalog.
package struct ModelOptions: Sendable {
  package var prophet = ProphetOptions()
  /// What `lstm-zero-shot` forecasts with and `lstm` starts from; nil for the shipped ones, which are then read when one of the two
  /// is asked to work.
  package var lstmWeights: LSTMWeights?

  package init() {}
}
