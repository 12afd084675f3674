/** Texts sort and compare by their bytes, as in SQLite, whatever language the database was made for. */
import { DataTypeNode, OperationNodeTransformer, RawNode, type ColumnDefinitionNode, type KyselyPlugin } from 'kysely';

class TextByBytes extends OperationNodeTransformer {
  protected override transformColumnDefinition(node: ColumnDefinitionNode): ColumnDefinitionNode {
    const column = super.transformColumnDefinition(node);
    const isText = DataTypeNode.is(column.dataType) && column.dataType.dataType === 'text';
    return isText ? { ...column, dataType: RawNode.createWithSql('text COLLATE "C"') } : column;
  }
}

/** For migrations: every text column gets the collation. */
export function textByBytes(): KyselyPlugin {
  const transformer = new TextByBytes();
  return {
    transformQuery: ({ node }) => transformer.transformNode(node),
    transformResult: ({ result }) => Promise.resolve(result),
  };
}
