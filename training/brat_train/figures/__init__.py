"""The paper's Figures 3 and 4 as files, of any run or published checkpoint."""
