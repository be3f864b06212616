namespace Sluice.Control;

/// <summary>How the rules of a release policy combine.</summary>
public enum ReleaseCombination
{
    /// <summary>The first rule that says release releases (OR). Without rules nothing is released.</summary>
    Any = 0,

    /// <summary>The first rule that says store stores (AND). Without rules everything is released.</summary>
    All = 1,
}
