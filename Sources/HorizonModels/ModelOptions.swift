/// What users may choose about the models of the catalog.
package struct ModelOptions: Sendable {
  package var prophet = ProphetOptions()
  /// What `lstm-zero-shot` forecasts with and `lstm` starts from.
  package var lstmWeights = LSTMWeights.shipped

  package init() {}
}
